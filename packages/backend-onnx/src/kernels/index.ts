/** Registers every kernel of the backend. */
import './elementwise.ts';
import './matmul.ts';
import './reduction.ts';
import './shape.ts';

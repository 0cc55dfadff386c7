/** Registers every kernel of the backend. */
import './unary.ts';
import './binary.ts';
import './activation.ts';
import './reduction.ts';
import './scan.ts';
import './sorting.ts';
import './shape.ts';
import './slicing.ts';
import './indexing.ts';
import './segment.ts';
import './creation.ts';
import './matmul.ts';
import './convolution.ts';
import './pooling.ts';
import './normalisation.ts';
import './image.ts';
import './host.ts';

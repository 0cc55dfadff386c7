/**
 * Gradients of the TensorFlow.js kernels, registered by importing this file. The Node bundle of tfjs-core registers
 * none, and importing all of `@tensorflow/tfjs` for them would triple the start-up time of a process.
 */
import './unary.ts';
import './binary.ts';
import './shape.ts';
import './reduction.ts';
import './linear.ts';
import './convolution.ts';

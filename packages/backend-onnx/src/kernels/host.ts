/** Kernels that run on the host, by TensorFlow.js's `cpu` backend, and why. Nothing that trains a model is here. */
import { defineHostKernel } from './registry.ts';

/** Reason → kernels. */
export const HOST_KERNELS: Record<string, string[]> = {
  'the shape of the result depends on values': [
    'BroadcastArgs',
    'NonMaxSuppressionV3',
    'NonMaxSuppressionV4',
    'NonMaxSuppressionV5',
    'RaggedGather',
    'RaggedRange',
    'RaggedTensorToTensor',
    'SparseFillEmptyRows',
    'SparseReshape',
    'SparseSegmentMean',
    'SparseSegmentSum',
    'Unique',
  ],
  'ONNX does not calculate with complex numbers': ['Complex', 'ComplexAbs', 'FFT', 'IFFT', 'Imag', 'Real'],
  'ONNX Runtime does not process strings on its own': [
    'StaticRegexReplace',
    'StringNGrams',
    'StringSplit',
    'StringToHashBucketFast',
  ],
  'the random numbers must be those of TensorFlow.js for the same seed': ['Multinomial'],
  'ONNX has no such image operation': [
    'CropAndResize',
    'Dilation2D',
    'Dilation2DBackpropFilter',
    'Dilation2DBackpropInput',
    'RotateWithOffset',
    'Transform',
  ],
};

for (const kernelName of Object.values(HOST_KERNELS).flat()) defineHostKernel(kernelName);

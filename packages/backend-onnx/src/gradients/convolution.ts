/** Gradients of convolution, pooling, normalisation and image resizing, by the backward kernels tfjs has for them. */
import {
  add,
  conv2d,
  engine,
  mul,
  type NamedTensorMap,
  neg,
  rsqrt,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { register, unbroadcast } from './shared.ts';

interface ConvAttrs {
  strides: number | number[];
  pad: 'valid' | 'same' | number;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: number | number[];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function run(kernelName: string, inputs: NamedTensorMap, attrs: object): Tensor {
  return engine().runKernel(kernelName, inputs, attrs as never) as Tensor;
}

/** The backward kernels of tfjs know no dilation. */
function refuseDilation(kernelName: string, dilations: number | number[] = 1): void {
  if ([dilations].flat().some((d) => d !== 1)) {
    throw new Error(
      `gradient of ${kernelName}: dilation rates greater than 1 are not yet supported, found ${dilations}; TensorFlow.js has no kernel for them`,
    );
  }
}

/** A convolution whose gradients with respect to its input and its filter are kernels of their own. */
function convolution(kernelName: string, inputKernel: string, filterKernel: string): void {
  register<ConvAttrs>(kernelName, {
    save: ['x', 'filter'],
    gradient: (dy, [x, filter], attrs) => {
      refuseDilation(kernelName, attrs.dilations);
      return {
        x: () => run(inputKernel, { dy, filter: filter! }, { ...attrs, inputShape: x!.shape }),
        filter: () => run(filterKernel, { x: x!, dy }, { ...attrs, filterShape: filter!.shape }),
      };
    },
  });
}

convolution('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter');
convolution('Conv3D', 'Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2');
convolution(
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
);

register<ConvAttrs>('Conv2DBackpropInput', {
  save: ['dy', 'filter'],
  gradient: (ddx, [dy, filter], attrs) => ({
    dy: () =>
      conv2d(
        ddx as never,
        filter as never,
        attrs.strides as number,
        attrs.pad,
        attrs.dataFormat,
        1,
        attrs.dimRoundingMode,
      ),
    filter: () => run('Conv2DBackpropFilter', { x: ddx, dy: dy! }, { ...attrs, filterShape: filter!.shape }),
  }),
});

register('Dilation2D', {
  save: ['x', 'filter'],
  gradient: (dy, [x, filter], attrs) => ({
    x: () => run('Dilation2DBackpropInput', { x: x!, filter: filter!, dy }, attrs),
    filter: () => run('Dilation2DBackpropFilter', { x: x!, filter: filter!, dy }, attrs),
  }),
});

for (const [kernelName, backward] of [
  ['AvgPool', 'AvgPoolGrad'],
  ['AvgPool3D', 'AvgPool3DGrad'],
] as const) {
  register(kernelName, {
    save: ['x'],
    gradient: (dy, [x], attrs) => ({ x: () => run(backward, { dy, input: x! }, attrs) }),
  });
}
for (const [kernelName, backward] of [
  ['MaxPool', 'MaxPoolGrad'],
  ['MaxPool3D', 'MaxPool3DGrad'],
] as const) {
  register(kernelName, {
    save: ['x'],
    saveOutput: true,
    gradient: (dy, [x, y], attrs) => ({ x: () => run(backward, { dy, input: x!, output: y! }, attrs) }),
  });
}
register('LRN', {
  save: ['x'],
  saveOutput: true,
  gradient: (dy, [x, y], attrs) => ({ x: () => run('LRNGrad', { x: x!, y: y!, dy }, attrs) }),
});
for (const kernelName of ['ResizeBilinear', 'ResizeNearestNeighbor']) {
  register(kernelName, {
    save: ['images'],
    gradient: (dy, [images], attrs) => ({
      images: () => run(`${kernelName}Grad`, { dy, images: images! }, attrs),
    }),
  });
}

register<{ varianceEpsilon: number }>('FusedBatchNorm', {
  save: ['x', 'mean', 'variance', 'scale'],
  // y = (x − mean) · r · scale + offset with r = (variance + ε)^−½; statistics are inputs, not functions of x.
  gradient: (dy, [x, mean, variance, scale], { varianceEpsilon }) => {
    const r = rsqrt(add(variance!, varianceEpsilon));
    const dNormalized = scale ? mul(dy, scale) : dy;
    const centered = sub(x!, mean!);
    const like = (gradient: Tensor) => unbroadcast(gradient, mean!.shape);
    return {
      x: () => mul(dNormalized, r),
      mean: () => like(neg(mul(dNormalized, r))),
      variance: () => like(mul(mul(dNormalized, centered), mul(-0.5, mul(r, mul(r, r))))),
      scale: () => like(mul(dy, mul(centered, r))),
      offset: () => like(dy),
    };
  },
});

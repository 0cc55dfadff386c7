import '../../../backend-onnx/src/gradients/index.ts';
import '../../../backend-onnx/node_modules/@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.node.js';
import * as tf from '@tensorflow/tfjs-core';
export const useBackend = async (name: string) => tf.setBackend(name);

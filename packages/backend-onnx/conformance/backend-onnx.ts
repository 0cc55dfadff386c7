/** This package's backend and gradients. */
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { registerOnnxBackend } from '../src/register.ts';

registerOnnxBackend();
setTestEnvs([{ name: 'onnx', backendName: 'onnx', isDataSync: true }]);

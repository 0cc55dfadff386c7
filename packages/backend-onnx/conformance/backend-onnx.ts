import { registerOnnxBackend } from '../src/register.ts';

registerOnnxBackend();

export const backendName = 'onnx';

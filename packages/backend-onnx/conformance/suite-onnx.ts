// The order matters: the tests read while they are imported which backend to test.
import './jasmine.ts';
import './backend-onnx.ts';
import '@tensorflow/tfjs-core/dist/tests.js';

export { EXCLUSIONS } from './exclusions.ts';
export { judge, reportOf } from './report.ts';
export { runSuite } from './suite.ts';

/** TensorFlow.js's own `cpu` backend and gradients: the yardstick, and the check of this harness itself. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';

setTestEnvs([{ name: 'cpu', backendName: 'cpu', isDataSync: true }]);

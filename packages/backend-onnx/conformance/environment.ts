/** Tells tfjs-core's tests which backend to test; they read it while they are imported. */
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { backendName } from '#backend';

setTestEnvs([{ name: backendName, backendName, isDataSync: true }]);

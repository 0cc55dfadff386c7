export type { Language } from './engine.ts';
export type { SandboxJob, SandboxLimits, SandboxResult } from './job.ts';
export {
  type IoCase,
  type IoOptions,
  type IoVerdict,
  judgeIo,
  sameOutput,
  type UnitTestProblem,
  unitTestJob,
} from './judge.ts';
export {
  type CodeRewardOptions,
  type InputOutputOptions,
  inputOutput,
  type UnitTestOptions,
  unitTests,
} from './rewards.ts';
export { Sandbox, type SandboxOptions } from './sandbox.ts';

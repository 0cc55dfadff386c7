export { failureLine } from './failure.ts';
export { program } from './program.ts';

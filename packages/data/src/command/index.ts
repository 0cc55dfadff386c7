export { type ConvertOptions, convertCommand } from './convert.ts';
export { type InspectOptions, inspectCommand } from './inspect.ts';
export { type PlanOptions, planCommand } from './plan.ts';

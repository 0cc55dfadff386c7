export { evalCommand } from './eval-command.ts';
export { type LanguageModelOptions, languageModel, slidingWindows } from './language-model.ts';
export { TASKS, type TaskOptions } from './tasks.ts';

export { type AppOptions, createApp, type PageOptions } from './create-app.ts';
export { type Listening, listen } from './listen.ts';
export { type LoadOptions, loadServedModel } from './load-served-model.ts';
export { type Server, serveCommand, startServer } from './serve-command.ts';
export type { ServedModel } from './served-model.ts';

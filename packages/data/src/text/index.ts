export {
  ChatTemplate,
  type ChatTemplateOptions,
  type RenderedChat,
  type RenderOptions,
} from './chat-template.ts';
export type { TemplateName } from './templates/index.ts';
export { markThinking } from './thinking.ts';

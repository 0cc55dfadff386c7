import { writeFileSync } from 'node:fs';
import { type DatasetSpec, openStream } from '../dataset/open-stream.ts';
import type { ChatTemplate } from '../text/chat-template.ts';
import { reportPage } from './inspect-page.ts';
import { reportText } from './inspect-text.ts';
import { profileRows } from './profile.ts';

/** What `inspectCommand` is told. */
export interface InspectOptions {
  /** Files, patterns or folders. */
  paths: string[];
  type?: DatasetSpec['type'];
  sampleBy?: DatasetSpec['sampleBy'];
  template?: ChatTemplate;
  countTokens?: (text: string) => number;
  /** Rows to show. */
  samples: number;
  /** Most rows to read. */
  limit?: number;
  seed?: number;
  /** Leave out rows that cannot be read, and count them. */
  skipInvalid?: boolean;
  /** Where to write the page. */
  html?: string;
  color: boolean;
  print: (line: string) => void;
  onProgress?: (rows: number) => void;
}

/** `attune data inspect`: reads data once and says what is in it, in the terminal and as a page. */
export async function inspectCommand(options: InspectOptions): Promise<void> {
  const { paths, type, sampleBy, limit, html, print } = options;
  const skipped = { count: 0, first: [] as string[] };
  const onInvalid = (problem: string) => {
    if (skipped.count++ < 3) skipped.first.push(problem);
  };
  const stream = openStream({ path: paths, type, sampleBy, ...(options.skipInvalid && { onInvalid }) });
  const profile = await profileRows(limit === undefined ? stream : stream.take(limit), options);
  const title = paths.join(', ');
  print(reportText(title, profile, { color: options.color, skipped }));
  if (html === undefined) return;
  writeFileSync(html, reportPage(title, profile, { skipped }));
  print(`\nwrote ${html}`);
}

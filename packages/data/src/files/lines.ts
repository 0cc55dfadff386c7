import { isUtf8 } from 'node:buffer';
import { readBytes } from './bytes.ts';

/** A place in a text file. */
export interface TextPosition {
  /** Bytes before it, unpacked. */
  offset: number;
  /** Number of its line, from 1. */
  line: number;
}

/** A run of whole lines of a text file. */
export interface TextRun {
  /** Where the first line begins. */
  at: TextPosition;
  /** The lines, each with its line end (the file's last may have none). */
  text: string;
  /** Bytes that the lines take in the file. */
  bytes: number;
}

export const START: TextPosition = { offset: 0, line: 1 };

const NEWLINE = 0x0a;

/**
 * Reads a UTF-8 file in runs of whole lines of about a megabyte; memory does not grow with the file.
 *
 * @param from the beginning of a line
 * @throws one line that names the file when it is missing, empty, cut off (packed), unreadable or not UTF-8
 */
export async function* readTextRuns(path: string, from: TextPosition = START): AsyncGenerator<TextRun> {
  let at = from;
  let carry: Buffer[] = [];
  const run = (bytes: Buffer): TextRun => {
    requireUtf8(path, bytes, at.line);
    const text = bytes.toString('utf8');
    return { at, text: at.offset === 0 ? text.replace(/^\uFEFF/, '') : text, bytes: bytes.length };
  };
  for await (const chunk of readBytes(path, from.offset)) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      carry.push(chunk);
      continue;
    }
    const bytes =
      carry.length > 0 ? Buffer.concat([...carry, chunk.subarray(0, end)]) : chunk.subarray(0, end);
    carry = end < chunk.length ? [chunk.subarray(end)] : [];
    yield run(bytes);
    at = { offset: at.offset + bytes.length, line: at.line + countNewlines(bytes) };
  }
  if (carry.length > 0) yield run(Buffer.concat(carry));
}

/** The lines of a run, without their line ends. */
export function linesOf({ text }: TextRun): string[] {
  const lines = text.includes('\r') ? text.split(/\r?\n/) : text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The whole file as text; errors as `readLines`. */
export async function readText(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBytes(path)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  requireUtf8(path, bytes, 1);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** @throws naming the line and the first byte that is not UTF-8 */
function requireUtf8(path: string, bytes: Buffer, first: number): void {
  if (isUtf8(bytes)) return;
  // The longest valid prefix ends where a decode stops being lossless; halve towards it.
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isUtf8Prefix(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  while (!isUtf8(bytes.subarray(0, valid))) valid--; // back to where the broken character begins
  const line = first + countNewlines(bytes.subarray(0, valid));
  const byte = `0x${bytes[valid]!.toString(16).padStart(2, '0')}`;
  throw new Error(
    `${path}:${line}: is not UTF-8: found the byte ${byte}; convert the file, e.g. iconv -t UTF-8`,
  );
}

/** Whether bytes could begin a UTF-8 text: valid but for a character that is cut off at the end. */
function isUtf8Prefix(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let i = bytes.indexOf(NEWLINE); i >= 0; i = bytes.indexOf(NEWLINE, i + 1)) count++;
  return count;
}

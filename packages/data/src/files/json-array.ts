import { isUtf8 } from 'node:buffer';
import type { Row } from '../dataset.ts';
import { readBytes } from './bytes.ts';
import { explainJson, isObject } from './json.ts';
import type { Reader } from './reader.ts';

/** Bytes of elements that are objects at once. */
const RUN_BYTES = 1 << 20;

/** A place between two elements. */
interface ArrayPosition {
  /** Bytes before it, unpacked. */
  offset: number;
  /** Elements before it. */
  element: number;
}

/**
 * Rows of a JSON file that is one array of objects, a run of elements in memory at a time.
 * @throws naming the element that is no JSON object, and when the file is something else, or cut off
 */
export const readJsonArray: Reader = async function* (path, { onInvalid }, from) {
  const start = (from as ArrayPosition | undefined) ?? { offset: 0, element: 0 };
  const splitter = new ElementSplitter(path, start.offset > 0);
  let number = start.element;
  let consumed = start.offset;
  let at = start;
  let rows: Row[] = [];
  let bytes = 0;
  for await (const chunk of readBytes(path, start.offset)) {
    for (const { content, end } of splitter.push(chunk)) {
      const row = parse(`${path}: element ${number++}`, content);
      if (typeof row !== 'string') rows.push(row);
      else if (onInvalid) onInvalid(row);
      else throw new Error(row);
      bytes += content.length;
      // The last run may be larger: behind the array there is nothing to begin at.
      if (bytes < RUN_BYTES || splitter.ended) continue;
      yield { rows, at };
      at = { offset: consumed + end, element: number };
      rows = [];
      bytes = 0;
    }
    consumed += splitter.drop();
  }
  const rest = splitter.finish();
  if (rest) throw new Error(explainJson(`${path}: element ${number}`, rest.toString('utf8')));
  yield { rows, at };
};

/** The row, or what is wrong with it. */
function parse(place: string, content: Buffer): Row | string {
  if (!isUtf8(content)) return `${place}: is not UTF-8; convert the file, e.g. iconv -t UTF-8`;
  const text = content.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value as Row;
  } catch {
    // Told below.
  }
  return explainJson(place, text);
}

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, BRACE_OPEN, BRACE_CLOSE] = Buffer.from(
  '"\\,[]{}',
) as unknown as number[];

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Cuts an array into its elements, by brackets and quotes alone. */
class ElementSplitter {
  readonly #path: string;
  /** Where the scan is: before the array, within it, or after. */
  #place: 'before' | 'within' | 'after';
  #buffer: Buffer = Buffer.alloc(0);
  #scanned = 0;
  /** Where the present element begins; −1 between elements. */
  #start = -1;
  #depth = 0;
  #inString = false;
  /** After a backslash within a string. */
  #escaped = false;
  /** Bytes that are done with. */
  #done = 0;

  constructor(path: string, within: boolean) {
    this.#path = path;
    this.#place = within ? 'within' : 'before';
  }

  /** Whether the array was closed. */
  get ended(): boolean {
    return this.#place === 'after';
  }

  /** Elements that end in the bytes so far, and where, counted from what `drop` left. */
  *push(chunk: Buffer): Generator<{ content: Buffer; end: number }> {
    this.#buffer = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, chunk]) : chunk;
    const buffer = this.#buffer;
    for (; this.#scanned < buffer.length; this.#scanned++) {
      const byte = buffer[this.#scanned]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        continue;
      }
      if (this.#place !== 'within') {
        this.#outside(byte);
        continue;
      }
      const ends = this.#depth === 0 && (byte === COMMA || byte === CLOSE);
      if (ends) {
        const element = this.#start < 0 ? undefined : buffer.subarray(this.#start, this.#scanned);
        this.#start = -1;
        this.#done = this.#scanned + 1;
        if (byte === CLOSE) this.#place = 'after';
        if (element) yield { content: element, end: this.#scanned + 1 };
        continue;
      }
      if (this.#start < 0 && !isSpace(byte)) this.#start = this.#scanned;
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN || byte === BRACE_OPEN) this.#depth++;
      else if (byte === CLOSE || byte === BRACE_CLOSE) this.#depth--;
    }
  }

  /** Lets go of the bytes that are done with. @returns their number */
  drop(): number {
    const done = this.#start < 0 ? this.#scanned : this.#done;
    this.#buffer = Buffer.from(this.#buffer.subarray(done));
    this.#scanned -= done;
    if (this.#start >= 0) this.#start -= done;
    this.#done = 0;
    return done;
  }

  /** What is left of an element that was cut off. @throws when the array itself is not whole */
  finish(): Buffer | undefined {
    if (this.#place === 'after') return undefined;
    if (this.#start >= 0) return this.#buffer.subarray(this.#start);
    throw new Error(`${this.#path}: the array is never closed; the file may be cut off`);
  }

  #outside(byte: number): void {
    // A byte order mark is three bytes of white space.
    if (isSpace(byte) || byte === 0xef || byte === 0xbb || byte === 0xbf) return;
    if (this.#place === 'after') throw new Error(`${this.#path}: found more after the array`);
    if (byte !== OPEN) throw new Error(`${this.#path}: must be an array of objects, found ${kindBy(byte)}`);
    this.#place = 'within';
  }
}

/** What a JSON value is by its first byte. */
function kindBy(byte: number): string {
  const kinds: Record<string, string> = {
    '{': 'a object',
    '"': 'a string',
    t: 'a boolean',
    f: 'a boolean',
    n: 'null',
  };
  const char = String.fromCharCode(byte);
  return kinds[char] ?? (/[-0-9]/.test(char) ? 'a number' : `no JSON but ${JSON.stringify(char)}`);
}

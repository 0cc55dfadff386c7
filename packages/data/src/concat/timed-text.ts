/** Seconds between two timestamps that can be written. */
const RESOLUTION = 0.02;

/** One clip of a merged example, as its text says it. */
export interface TimedSegment {
  text: string;
  /** Seconds from the start of the example. */
  start: number;
  end: number;
  language?: string;
  region?: string;
}

/** How the text of an example is written. */
export interface TimedTextOptions {
  /** Default true. Without, `<notimestamp>` takes their place. */
  timestamps?: boolean;
  /** Default `asr`. */
  task?: string;
}

/**
 * The text of a merged example with its language, region, task and sentence times as tokens, as Dolphin is trained on:
 * `<zh><CN><asr><0.00>你好<1.52><1.72>再见<3.00>`. Times are in steps of 0.02 s. Where the language or region changes,
 * their tokens come again.
 */
export function timedText(segments: readonly TimedSegment[], options: TimedTextOptions = {}): string {
  const { timestamps = true, task = 'asr' } = options;
  let place = '';
  let text = '';
  segments.forEach((segment, i) => {
    const here = `${token(segment.language)}${token(segment.region)}`;
    if (i === 0 || here !== place) text += here;
    if (i === 0) text += `<${task}>${timestamps ? '' : '<notimestamp>'}`;
    place = here;
    if (timestamps) text += `<${stamp(segment.start)}>${segment.text}<${stamp(segment.end)}>`;
    else text += i > 0 && needsSpace(text, segment.text) ? ` ${segment.text}` : segment.text;
  });
  return text;
}

/**
 * The segments of a text that `timedText` wrote with timestamps.
 * @throws when times are missing or do not ascend, naming the place
 */
export function parseTimedText(text: string): TimedSegment[] {
  const segments: TimedSegment[] = [];
  let [language, region]: (string | undefined)[] = [];
  let rest = text;
  let last = 0;
  while (rest.length > 0) {
    const place = /^<([a-z]{2,3}|[a-z]{2,3}-[a-z]+)>(?:<([A-Z0-9]+)>)?(?:<[a-z]+>)?/.exec(rest);
    if (place) {
      [language, region] = [place[1], place[2]];
      rest = rest.slice(place[0].length);
    }
    const segment = /^<(\d+\.\d\d)>([\s\S]*?)<(\d+\.\d\d)>/.exec(rest);
    const at = text.length - rest.length;
    if (!segment)
      throw new Error(
        `timed text: expected <start>text<end> at character ${at}, found '${rest.slice(0, 20)}'`,
      );
    const [whole, from, words, to] = segment;
    const [start, end] = [Number(from), Number(to)];
    if (start < last || end < start)
      throw new Error(`timed text: times must ascend, found ${from} to ${to} after ${last.toFixed(2)}`);
    segments.push({
      text: words!,
      start,
      end,
      ...(language === undefined ? {} : { language }),
      ...(region === undefined ? {} : { region }),
    });
    last = end;
    rest = rest.slice(whole.length);
  }
  return segments;
}

const token = (name: string | undefined) => (name ? `<${name}>` : '');
const stamp = (seconds: number) => (Math.round(seconds / RESOLUTION) * RESOLUTION).toFixed(2);

/** Words are set apart by spaces except between letters of scripts that have none. */
function needsSpace(before: string, after: string): boolean {
  const noSpaces =
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}，。？！、]/u;
  return (
    !/[\s>]$/.test(before) &&
    !/^\s/.test(after) &&
    !(noSpaces.test(before.at(-1)!) && noSpaces.test(after[0] ?? ''))
  );
}

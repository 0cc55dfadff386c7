import { describe, expect, it } from 'vitest';
import { StopStrings } from './stop-strings.ts';

/** The readable twin: look at all the text at once. */
function cut(text: string, stops: string[]): string {
  return stops.reduce((rest, stop) => rest.split(stop)[0]!, text);
}

function stream(pieces: string[], stops: string[]): { text: string; stopped: boolean } {
  const watcher = new StopStrings(stops);
  let shown = '';
  for (const piece of pieces) {
    const { text, stopped } = watcher.push(piece);
    shown += text;
    if (stopped) return { text: shown, stopped };
  }
  return { text: shown + watcher.flush(), stopped: false };
}

describe('StopStrings', () => {
  it.each([
    [['hello\n', '\nworld'], ['\n\n']],
    [['a', 'b', 'a', 'b', 'c', 'd'], ['abc']],
    [
      ['x</', 'tag', '>y'],
      ['</tag>', '</tap>'],
    ],
    [['one', ' two', ' three'], ['zzz']],
    [['aaa', 'aab'], ['aab']],
    [
      ['12###', '34'],
      ['##', '#'],
    ],
    [['abc'], []],
    [['ab'], ['abc']],
  ])('%j with stops %j shows what a look at the whole text would', (pieces, stops) => {
    const whole = pieces.join('');
    const expected = cut(whole, stops);
    expect(stream(pieces, stops)).toEqual({ text: expected, stopped: expected !== whole });
    // The same, cut at every character.
    expect(stream([...whole], stops)).toEqual({ text: expected, stopped: expected !== whole });
  });

  it('shows text as soon as it cannot begin a stop string', () => {
    const watcher = new StopStrings(['END']);
    expect(watcher.push('fine').text).toBe('fine');
    expect(watcher.push('E').text).toBe('');
    expect(watcher.push('N').text).toBe('');
    expect(watcher.push('x').text).toBe('ENx');
  });

  it('refuses an empty stop string', () => {
    expect(() => new StopStrings(['a', ''])).toThrow('a stop string must not be empty');
  });
});

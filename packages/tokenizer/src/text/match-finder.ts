import { compilePattern } from './regex.ts';

/** Finds the matches of a literal or pattern. */
export function matchFinder(pattern: { String: string } | { Regex: string }) {
  if ('Regex' in pattern) {
    const regex = compilePattern(pattern.Regex);
    return (text: string): [number, number][] =>
      Array.from(text.matchAll(regex), (m) => [m.index, m.index + m[0].length]);
  }
  const literal = pattern.String;
  return (text: string): [number, number][] => {
    const matches: [number, number][] = [];
    if (literal === '') {
      let at = 0;
      for (const char of text) {
        matches.push([at, at]);
        at += char.length;
      }
      matches.push([at, at]);
      return matches;
    }
    for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + literal.length)) {
      matches.push([at, at + literal.length]);
    }
    return matches;
  };
}

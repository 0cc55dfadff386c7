/**
 * The first key that a JSON object repeats at its top level, or `undefined`. `JSON.parse` keeps the last of
 * equal keys in silence. `json` must be valid JSON.
 */
export function duplicateKey(json: string): string | undefined {
  const seen = new Set<string>();
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;
  let depth = 0;
  let lastString = '';
  for (const [text] of json.matchAll(token)) {
    if (text === '{' || text === '[') depth++;
    else if (text === '}' || text === ']') depth--;
    else if (text !== ':') lastString = text;
    else if (depth === 1) {
      const key = JSON.parse(lastString) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}

/** The source of a regular expression that matches any of some literals, the longest of those that fit. */
export function anyOf(literals: Iterable<string>): string {
  const longestFirst = [...literals].sort((a, b) => b.length - a.length);
  return longestFirst.map((each) => each.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
}

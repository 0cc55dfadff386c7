/**
 * Rows as aligned text.
 *
 * @param rows the first is the heading; columns after the first are aligned to the right
 */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  const [head, ...body] = rows.map(line);
  return [head!, '-'.repeat(head!.length), ...body].map((text) => text.trimEnd()).join('\n');
}

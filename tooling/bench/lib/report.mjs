import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One comparison. `peer` and `ratio` are null where the peer is missing; `ratio` > 1 means that ours is better.
 * @typedef {{ case: string, unit: string, ours: number, peer: number | null, peerName: string, ratio: number | null }} Row
 */

/** A row of a quantity of which less is better, such as milliseconds. @returns {Row} */
export function lessIsBetter(name, unit, ours, peer, peerName) {
  return { case: name, unit, ours, peer, peerName, ratio: peer === null ? null : peer / ours };
}

/** A row of a quantity of which more is better, such as tokens per second. @returns {Row} */
export function moreIsBetter(name, unit, ours, peer, peerName) {
  return { case: name, unit, ours, peer, peerName, ratio: peer === null ? null : ours / peer };
}

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {Row[]} rows */
export function printTable(rows) {
  const cells = rows.map((row) => [
    row.case,
    row.unit,
    number(row.ours),
    row.peer === null ? 'missing' : number(row.peer),
    row.peerName,
    row.ratio === null ? '' : `${row.ratio.toFixed(2)}x`,
  ]);
  const table = [['case', 'unit', 'ours', 'peer', 'peer name', 'ratio'], ...cells];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    );
}

/** @param {string} name @param {Row[]} rows */
export function writeResults(name, rows) {
  mkdirSync('bench-results', { recursive: true });
  writeFileSync(join('bench-results', `${name}.json`), `${JSON.stringify({ rows }, null, 2)}\n`);
}

const number = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

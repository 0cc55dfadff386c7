import { expect, it } from 'vitest';
import { table } from './table.ts';

it('aligns columns', () => {
  expect(
    table([
      ['score', 'value'],
      ['pass@1', '9.0%'],
      ['maj', '100.0%'],
    ]),
  ).toBe('score    value\n--------------\npass@1    9.0%\nmaj     100.0%');
});

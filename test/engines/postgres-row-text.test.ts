import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../adapters/engines/postgres/rows.ts';
import { openPool, url } from './support/postgres-clients.ts';

/** Texts that Postgres quotes or doubles within a row, and texts that look similar. */
const TEXTS: readonly (string | null)[] = [
  ...[null, '', ' ', '"', '""', '\\', '\\\\', '\\"', '"\\', ',', ',,', '(', ')', '(,)', '()', 'a"b\\c,d'],
  ...[
    'NULL',
    'null',
    "it's",
    'a\nb',
    'a\tb',
    '\n',
    '😀',
    'é',
    '{"a":"b\\"c"}',
    '\u0001',
    ' a ',
    '"a"',
    'x'.repeat(300),
  ],
];

describe('the text of a row', () => {
  test.each([
    ['(a,"b c",,4)', ['a', 'b c', null, '4']],
    ['()', [null]],
    ['(,)', [null, null]],
    ['("")', ['']],
    ['("",)', ['', null]],
    ['("a""b","c\\\\d","""")', ['a"b', 'c\\d', '"']],
    ['("(,)")', ['(,)']],
  ])('%s', (text, columns) => {
    expect(columnsOf(text)).toEqual(columns);
  });

  test.each(['', '(', ')', 'a', '(a', 'a)', '("a)', '("a"b)', '(a"b")', '["a"]'])('is malformed: %s', (text) => {
    expect(() => columnsOf(text)).toThrow('a row is malformed');
  });

  test.skipIf(url === null)('is taken apart into what Postgres made it of', async () => {
    const pool = openPool({ connectionString: url ?? '' });
    // Each text alone, first, last, and between two copies of every other text.
    for (const text of TEXTS) {
      for (const values of [[text], [text, 'x', text], ...TEXTS.map((other) => [other, text, other])]) {
        const row = values.map((_, at) => `$${at + 1}::text`).join(', ');
        const { rows } = await pool.query({ text: `SELECT ROW(${row})::text`, values, rowMode: 'array' });
        expect(columnsOf((rows[0] as [string])[0])).toEqual(values);
      }
    }
  });
});

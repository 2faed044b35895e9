import { describe, expect, test } from 'vitest';
import { describeFailure, documentOf, linesOf } from '../../adapters/cli/errors.ts';
import { Output } from '../../adapters/cli/output.ts';
import { Secrets } from '../../adapters/cli/secrets.ts';
import { type Column, printable, Table } from '../../adapters/cli/table.ts';
import type { Terminal } from '../../adapters/cli/terminal.ts';
import { localTime, parseTime, relativeTime } from '../../adapters/cli/times.ts';
import { SessionError } from '../../src/index.ts';

describe('a table', () => {
  interface Row {
    readonly id: string;
    readonly name: string | null;
  }
  const columns: readonly Column<Row>[] = [
    { title: 'ID', cell: ({ id }) => id },
    { title: 'NAME', cell: ({ name }) => name, cut: true },
    { title: 'LONG', cell: () => 'a whole sentence', short: () => 'short' },
    { title: 'EXTRA', cell: () => 'extra', wideOnly: true },
  ];
  const rows = [
    { id: 'one', name: null },
    { id: 'two', name: 'a person with a name' },
  ];

  test('is as wide as it needs', () => {
    expect(new Table(columns, Number.POSITIVE_INFINITY).lines(rows)).toEqual([
      'ID   NAME                  LONG              EXTRA',
      'one  -                     a whole sentence  extra',
      'two  a person with a name  a whole sentence  extra',
    ]);
  });

  test('is shortened, then cut, where a terminal is narrow', () => {
    expect(new Table(columns, 34).lines(rows)).toEqual([
      'ID   NAME                  LONG',
      'one  -                     short',
      'two  a person with a name  short',
    ]);
    expect(new Table(columns, 20).lines(rows)).toEqual([
      'ID   NAME      LONG',
      'one  -         short',
      'two  a perso…  short',
    ]);
  });

  test('has its titles once, and the widths of its first page', () => {
    const table = new Table(columns.slice(0, 2), 80);
    expect(table.lines(rows.slice(0, 1))).toEqual(['ID   NAME', 'one  -']);
    expect(table.lines(rows.slice(1))).toEqual(['two  a p…']);
  });

  test('counts wide letters and pictures as two places', () => {
    const lines = new Table(columns.slice(1, 3), 80).lines(
      ['東京', 'é', '👩‍👩‍👧', 'ab'].map((name) => ({ id: '', name })),
    );
    expect(lines.slice(1)).toEqual([
      '東京  a whole sentence',
      'é     a whole sentence',
      '👩‍👩‍👧    a whole sentence',
      'ab    a whole sentence',
    ]);
  });

  test('prints nothing that moves a cursor or turns text around', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed\u2066')).toBe('a\ufffd[2Jb\ufffdc\ufffdd\ufffd');
  });
});

describe('times', () => {
  const now = new Date(2026, 10, 22, 7, 42, 6).getTime();

  test.each([
    [0, 'just now'],
    [59e3, 'just now'],
    [60e3, '1m ago'],
    [3599e3, '59m ago'],
    [3 * 3600e3, '3h ago'],
    [47 * 3600e3, '47h ago'],
    [5 * 86400e3, '5d ago'],
    [-3 * 86400e3, 'in 3d'],
  ])('%i ms ago is "%s"', (ago, text) => expect(relativeTime(now - ago, now)).toBe(text));

  test('are local', () => expect(localTime(now)).toBe('2026-11-22 07:42:06'));

  test.each([
    ['2026-11-22', new Date(2026, 10, 22).getTime()],
    ['2026-11-22 07:30', new Date(2026, 10, 22, 7, 30).getTime()],
    ['2026-11-22T07:30:15', new Date(2026, 10, 22, 7, 30, 15).getTime()],
    ['2026-11-22T07:30:15.5Z', Date.UTC(2026, 10, 22, 7, 30, 15, 500)],
    ['2026-11-22T07:30+02:00', Date.UTC(2026, 10, 22, 5, 30)],
    ['24h', now - 24 * 3600e3],
    ['1795334484350', 1795334484350],
  ])('%s is a time', (text, at) => expect(parseTime('--from', text, now)).toBe(at));
});

describe('secrets', () => {
  const secrets = new Secrets(['--store', 'postgres://ann:p%40ss@h/db?sslpassword=s3cr3t', undefined]);

  test.each([
    ['as it was typed', 'in postgres://ann:p%40ss@h/db', 'in postgres://ann:***@h/db'],
    ['decoded', 'password p@ss is wrong', 'password *** is wrong'],
    ['of a parameter', 'sslpassword s3cr3t', 'sslpassword ***'],
    ['of another URL, not encoded', 'redis://:a/b@c@h:1 and mysql://u:p:q@h', 'redis://:***@h:1 and mysql://u:***@h'],
  ])('are hidden: %s', (_, text, hidden) => expect(secrets.hide(text)).toBe(hidden));

  test('are not looked for where there are none', () => {
    const text = 'postgres://ann@h/db, ann@acme.example, 12:30, https://h:1/a@b';
    expect(new Secrets([]).hide('postgres://ann@h/db, ann@acme.example')).toBe('postgres://ann@h/db, ann@acme.example');
    expect(new Secrets([text]).hide('ordinary words')).toBe('ordinary words');
  });
});

describe('a failure', () => {
  const refused = new AggregateError(
    [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')],
    '',
  );
  const error = new SessionError('SESSION_STORE_UNAVAILABLE', 'no answer', { cause: refused });

  test('tells what, why, and what to do; each on one line', () => {
    const failure = describeFailure(error, new Error('two\nlines'), false);
    expect(failure.exitCode).toBe(3);
    expect(linesOf(failure)).toEqual([
      'error: no answer (SESSION_STORE_UNAVAILABLE)',
      'cause: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
      'cause: two; lines',
      expect.stringMatching(/^what to do: check that the server runs/),
    ]);
  });

  test('that goes round in circles is told once', () => {
    const circle = new SessionError('SESSION_STORE_DENIED', 'no');
    Object.assign(circle, { cause: circle });
    expect(linesOf(describeFailure(circle, undefined, true)).filter((line) => line === 'cause: no')).toHaveLength(1);
  });

  test.each([
    ['SESSION_STORE_UNAVAILABLE', 3],
    ['SESSION_STORE_UNCONFIRMED', 3],
    ['SESSION_STORE_NOT_SET_UP', 1],
    ['SESSION_STORE_TOO_NEW', 1],
    ['SESSION_STORE_NAME_CONFLICT', 1],
    ['SESSION_STORE_DENIED', 1],
    ['SESSION_STORE_UNSUPPORTED', 1],
    ['SESSION_STORE_UNSAFE', 1],
    ['SESSION_STORE_LACKS_POWER', 1],
  ] as const)('of code %s is exit code %i', (code, exitCode) => {
    expect(describeFailure(new SessionError(code, ''), undefined, false).exitCode).toBe(exitCode);
  });

  test('of misuse is 2, of anything else 1', () => {
    const misuse = describeFailure(new TypeError('limit is 0'), undefined, false);
    expect(misuse).toMatchObject({ code: 'MISUSE', exitCode: 2 });
    expect(linesOf(misuse)).toEqual(['error: limit is 0']);
    const odd = describeFailure(new Error('odd'), undefined, false);
    expect(odd).toMatchObject({ code: 'FAILED', exitCode: 1 });
    expect(linesOf(odd)).toEqual(['error: odd']);
  });

  test('is a document for programs, with stack traces only where they are asked for', () => {
    expect(documentOf(describeFailure(error, undefined, false))).toEqual({
      error: {
        ...{ code: 'SESSION_STORE_UNAVAILABLE', exitCode: 3, message: 'no answer' },
        causes: ['connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1'],
        advice: expect.stringMatching(/^check that the server runs/),
      },
    });
    expect(documentOf(describeFailure(error, undefined, true))).toHaveProperty('error.stacks');
  });

  test.each([
    ['a damaged file of libsql', { code: 'SQLITE_CORRUPT' }],
    ['a read-only file of node:sqlite', { code: 'ERR_SQLITE_ERROR', errcode: 8 | (1 << 8) }],
    ['a certificate of an issuer that is not trusted', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }],
    ['a certificate of another host', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
  ])('that lasts is exit code 1, and advises no other try: %s', (_, told) => {
    const cause = Object.assign(new Error('no'), told);
    const lasting = new SessionError('SESSION_STORE_UNAVAILABLE', 'no answer', { cause });
    expect(describeFailure(lasting, undefined, false)).toMatchObject({
      ...{ exitCode: 1, advice: expect.stringMatching(/^another attempt will not help/) },
    });
    const onTheSide = new SessionError('SESSION_STORE_UNAVAILABLE', 'no answer');
    expect(describeFailure(onTheSide, cause, false).exitCode).toBe(1);
  });

  test.each([{ code: 'SQLITE_FULL' }, { code: 'ERR_SQLITE_ERROR', errcode: 5 }, { code: 'ECONNRESET' }])(
    'that may pass is exit code 3: %o',
    (told) => {
      const cause = Object.assign(new Error('no'), told);
      const passing = new SessionError('SESSION_STORE_UNAVAILABLE', 'no answer', { cause });
      expect(describeFailure(passing, undefined, false).exitCode).toBe(3);
    },
  );
});

test('JSON holds no character that a terminal would obey', () => {
  const written: string[] = [];
  const stdout = { write: (text: string) => written.push(text) > 0 };
  const output = new Output({ stdout, isTty: false } as unknown as Terminal, true);
  const document = { label: 'a\u009b31m\u202eb\u007f' };
  output.answer(document, () => []);
  output.row(document);
  for (const text of written) {
    expect(text).not.toMatch(/[\u007f-\u009f\u202e]/);
    expect(JSON.parse(text)).toEqual(document);
  }
  expect(written).toHaveLength(2);
});

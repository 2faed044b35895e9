import { describe, expect, test } from 'vitest';
import { isBusy, Preparer } from '../../adapters/engines/sqlite/prepared.ts';
import { drivers } from './support/sqlite-drivers.ts';
import { answerOf, temporaryFile, watched } from './support/sqlite-files.ts';

describe.each(drivers)('a statement, $name', ({ open }) => {
  /** Opens two connections to a table. In this journal mode, a writer locks readers out. */
  function twoConnections() {
    const file = temporaryFile();
    const [ours, other] = [open(file), open(file)];
    ours.exec('PRAGMA busy_timeout = 0');
    other.exec("CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER); INSERT INTO t VALUES ('x', 1), ('y', 2)");
    return { ours, other };
  }

  test('answers by position, whatever the driver makes of it', () => {
    const { ours } = twoConnections();
    for (const connection of [ours, watched(ours, () => {})]) {
      const preparer = new Preparer(connection);
      const row = preparer.row('SELECT id, n, NULL FROM t WHERE id = ?');
      expect(row('x')?.slice(0, 3)).toEqual(['x', 1, null]);
      expect(row('nobody')).toBeUndefined();
      const rows = preparer.rows('SELECT id, n FROM t WHERE n > ? ORDER BY id');
      expect(rows(0).map((each) => each.slice(0, 2))).toEqual([
        ['x', 1],
        ['y', 2],
      ]);
      expect(rows(9)).toEqual([]);
      const update = preparer.command('UPDATE t SET n = n WHERE n > ?');
      expect([update(0), update(1), update(9)]).toEqual([2, 1, 0]);
      expect(preparer.command("INSERT INTO t VALUES ('x', 7) ON CONFLICT DO NOTHING")()).toBe(0);
    }
  });

  test('that was locked out asks what it is asked next, and sees what others did since', () => {
    const { ours, other } = twoConnections();
    const preparer = new Preparer(ours);
    const row = preparer.row('SELECT id, n FROM t WHERE id = ?');
    const rows = preparer.rows('SELECT id, n FROM t WHERE id = ?');
    const sum = preparer.row('SELECT sum(n) FROM t');
    row('x');

    other.exec('BEGIN EXCLUSIVE');
    const locked = expect.toSatisfy(isBusy);
    const asked = [() => row('x'), () => rows('x'), () => sum(), () => preparer.settle()];
    for (const ask of asked) {
      let error: unknown;
      try {
        ask();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toEqual(locked);
    }
    other.exec('COMMIT');

    preparer.settle();
    expect(row('y')?.[0]).toBe('y');
    expect(row('x')?.[0]).toBe('x');
    expect(rows('y')[0]?.[0]).toBe('y');
    // The change to WAL needs the whole file. It succeeds only if no statement is still reading.
    expect(answerOf(other, 'PRAGMA journal_mode = WAL')).toBe('wal');
    for (const n of [10, 20, 30]) {
      other.exec(`UPDATE t SET n = ${n} WHERE id = 'y'`);
      expect(sum()?.[0]).toBe(n + 1);
      expect(row('y')?.[1]).toBe(n);
    }
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Chance } from '../concurrency/population.ts';
import { bundle } from '../services/bundle.ts';
import { SEED, withSeed } from '../services/seed.ts';
import { drivers } from './support/sqlite-drivers.ts';
import { answerOf, temporaryFile } from './support/sqlite-files.ts';
import { LATER_STEPS } from './support/sqlite-later.ts';
import { sessionsIn, signIn } from './support/sqlite-people.ts';
import type { Job, Told } from './support/sqlite-process.ts';

const script = await bundle(join(import.meta.dirname, 'support/sqlite-process.ts'));

/** Another process on the same file. It gets ready, and starts its job at `go()`. */
class Other {
  readonly told: Told[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#closed = once(child, 'close');
  }

  static async start(driver: string, file: string, job: Job): Promise<Other> {
    const child = spawn(process.execPath, ['--no-warnings', script, driver, file, job], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const other = new Other(child);
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => other.told.push(JSON.parse(line) as Told));
    await once(lines, 'line');
    return other;
  }

  static all(count: number, driver: string, file: string, job: Job): Promise<Other[]> {
    return Promise.all(Array.from({ length: count }, () => Other.start(driver, file, job)));
  }

  go(): void {
    this.#child.stdin?.write('go\n');
  }

  /** Waits until the process has ended. Returns all that it reported. */
  async done(): Promise<readonly Told[]> {
    await this.#closed;
    expect(this.#child.exitCode).toBe(0);
    return this.told;
  }

  /** Kills the process after `count` reports, in the middle of its work. Returns all that it reported. */
  async killAfter(count: number): Promise<readonly Told[]> {
    this.#child.stdout?.on('data', () => {
      if (this.told.length >= count) this.#child.kill('SIGKILL');
    });
    await this.#closed;
    expect(this.#child.signalCode).toBe('SIGKILL');
    return this.told;
  }
}

/** Timeout of a test with ten processes, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 600_000;

describe.each(drivers)('several processes, $name', { timeout: TEST_TIMEOUT }, ({ name, open }) => {
  test('what one revokes, the others refuse at their next check', async () => {
    const file = temporaryFile();
    const sessions = sessionsIn(open(file));
    const { token } = await signIn(sessions, 'ann');
    const other = await Other.start(name, file, 'revoke');
    expect(await sessions.check(token)).toMatchObject({ ok: true });
    other.go();
    await other.done();
    expect(await sessions.check(token)).toMatchObject({ ok: false, reason: 'revoked' });
  });

  test('ten may open a new file at once', async () => {
    const file = temporaryFile();
    const others = await Other.all(10, name, file, 'sign in');
    for (const other of others) other.go();
    for (const other of others) await other.done();

    const connection = open(file);
    expect(answerOf(connection, 'PRAGMA integrity_check')).toBe('ok');
    expect(answerOf(connection, 'SELECT count(*) FROM sessions')).toBe(10);
  });

  test('ten may upgrade a file of an earlier version at once', async () => {
    const file = temporaryFile();
    await sessionsIn(open(file)).setup();
    const old = open(file);
    const others = await Other.all(10, name, file, 'upgrade');
    for (const other of others) other.go();
    for (const other of others) await other.done();

    expect(answerOf(old, 'PRAGMA user_version')).toBe(LATER_STEPS.length);
    expect(answerOf(old, 'PRAGMA integrity_check')).toBe('ok');
    expect(answerOf(old, 'SELECT count(*) FROM sessions')).toBe(10);
  });

  test('eight that sign somebody in at once never exceed the limit', async () => {
    const file = temporaryFile();
    const sessions = sessionsIn(open(file), { timeout: '2m' }, { timeout: '2m' });
    const others = await Other.all(8, name, file, 'sign in often');
    let working = true;
    const done = Promise.all(others.map((other) => other.done())).finally(() => {
      working = false;
    });
    for (const other of others) other.go();
    while (working) {
      expect((await sessions.list({ user: 'ann' })).sessions.length).toBeLessThanOrEqual(3);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const told = (await done).flat();
    expect(told.filter(({ did }) => did === 'signed in')).toHaveLength(3);
    expect(told.filter(({ did }) => did === 'refused')).toHaveLength(8 * 6 - 3);
  });

  test(withSeed('one that is killed loses nothing that it has told'), async () => {
    const file = temporaryFile();
    const chance = new Chance(SEED);
    for (let round = 0; round < 6; round++) {
      const other = await Other.start(name, file, 'go on for ever');
      other.go();
      const told = await other.killAfter(2 + Math.floor(chance.next() * 60));

      const connection = open(file);
      expect(answerOf(connection, 'PRAGMA integrity_check')).toBe('ok');
      const sessions = sessionsIn(connection);
      const revoked = new Set(told.map((each) => (each.did === 'revoked' ? each.user : null)));
      let checked = 0;
      for (const each of told) {
        if (each.did !== 'signed in') continue;
        // If the kill came during a revocation, either result is right.
        const isCertain = revoked.has(each.user) || each.user.endsWith('who stays');
        if (!isCertain) continue;
        const expected = revoked.has(each.user) ? { ok: false, reason: 'revoked' } : { ok: true };
        expect(await sessions.check(each.token), each.user).toMatchObject(expected);
        checked++;
      }
      expect(checked).toBeGreaterThan(0);
      await signIn(sessions, 'somebody else');
      await sessions.close();
    }
  });
});

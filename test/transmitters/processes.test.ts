import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { LoopbackProxy } from '../faults/loopback-proxy.ts';
import { clearPlace, type EngineName, findPlace, openStore, type Place, through } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { AUDIENCE, ISSUER, IssuingRealm, KEY, partsOf, QUEUE } from './support/issuing.ts';
import { ReceiverServer } from './support/receiver-server.ts';
import { RelyingParty } from './support/relying.ts';
import type { Work } from './support/worker-process.ts';

const ENGINES: readonly EngineName[] = includes('transmitters: Postgres and MariaDB')
  ? ['sqlite', 'redis', 'postgres', 'mysql']
  : ['sqlite', 'redis'];

/** Generous, because a busy machine may stall. In ms. */
const TEST_TIMEOUT = 300_000;
const USERS = ['ann', 'bob', 'eve'];
const STEPS = 24;

/** Processes that deliver. One that is killed is replaced. */
class Workers {
  readonly #work: Work;
  readonly #children = new Map<string, ChildProcess>();
  killed = 0;

  constructor(work: Work) {
    this.#work = work;
    onTestFinished(() => {
      for (const child of this.#children.values()) child.kill('SIGKILL');
    });
  }

  async add(): Promise<void> {
    const script = join(import.meta.dirname, 'support/worker-process.ts');
    const child = fork(script, [JSON.stringify(this.#work)], { execArgv: ['--no-warnings', '--import', 'tsx'] });
    this.#children.set(`Bearer ${child.pid}`, child);
    await once(child, 'message');
  }

  /** Kills the process that made a request, and starts another. */
  async replace(authorization: string): Promise<void> {
    const child = this.#children.get(authorization);
    if (child === undefined) throw new Error(`no process sends ${authorization}`);
    this.#children.delete(authorization);
    child.kill('SIGKILL');
    await once(child, 'exit');
    this.killed++;
    await this.add();
  }
}

/** A place that is reached through a proxy, if a server is behind it. */
async function proxied(place: Place): Promise<{ readonly place: Place; cut(): void }> {
  if (place.engine === 'sqlite') return { place, cut() {} };
  const proxy = await LoopbackProxy.open(Number(new URL(place.url).port));
  onTestFinished(() => proxy.close());
  return { place: through(place, proxy.port), cut: () => proxy.cut() };
}

const reasonOf = (token: string): string => JSON.stringify(partsOf(token).claims.events).match(/"en":"([^"]*)"/)![1]!;

describe.each(ENGINES)('processes that are killed while they deliver, on %s', (engine) => {
  test('lose no message, keep the order of each user, and repeat a message with the same id', {
    timeout: TEST_TIMEOUT,
  }, async (context) => {
    const place = await findPlace(engine);
    if (place === null) return context.skip();
    onTestFinished(() => clearPlace(place));
    const { store, end } = openStore(place);
    const realm = new IssuingRealm({ store, timeout: '1m' });
    onTestFinished(async () => {
      await realm.sessions.close();
      await end();
    });
    const party = new RelyingParty(realm);
    const faulty = await proxied(place);

    /** What the receiver has acted on, in order. */
    const acted: { readonly jti: unknown; readonly reason: string }[] = [];
    const server = await ReceiverServer.start();
    const stream = { queue: QUEUE, issuer: ISSUER, audience: AUDIENCE, key: KEY, endpoint: server.url };
    const workers = new Workers({ place: faulty.place, ...stream });
    server.answer = async (response, { headers, body }) => {
      const count = server.received.length;
      const by = headers.authorization ?? '';
      if (count === 2) await workers.replace(by);
      const type = { 'content-type': 'application/secevent+jwt' };
      const answer = await party.signals.push(new Request(server.url, { method: 'POST', headers: type, body }));
      acted.push({ jti: partsOf(body).claims.jti, reason: reasonOf(body) });
      if (count === 5) await workers.replace(by);
      if (count === 8) faulty.cut();
      response.writeHead(answer.status).end(await answer.text());
      if (count === 11) await workers.replace(by);
    };

    const before = await Promise.all(USERS.map((user) => party.signIn(user)));
    await Promise.all([workers.add(), workers.add()]);
    for (let step = 0; step < STEPS; step++) {
      await realm.sessions.revoke({ user: USERS[step % USERS.length]! }, { reason: `step-${step}` });
    }
    await until('an empty queue', async () => (await realm.waiting()).length === 0);
    await until('the last process', () => workers.killed === 3);

    const inOrder = [...new Set(acted.map(({ reason }) => reason))].map((reason) => Number(reason.slice(5)));
    expect(inOrder.toSorted((one, two) => one - two)).toEqual(Array.from({ length: STEPS }, (_, step) => step));
    for (const at of USERS.keys()) {
      const own = inOrder.filter((step) => step % USERS.length === at);
      expect(own).toEqual(own.toSorted((one, two) => one - two));
    }
    expect(new Set(acted.map(({ jti }) => jti)).size).toBe(STEPS);
    // One process was killed after the receiver had acted, and before it could note that.
    expect(acted.length).toBeGreaterThan(STEPS);
    expect(await realm.dead()).toEqual([]);
    expect(await party.live(...before)).toEqual(USERS.map(() => false));
    const after = await party.signIn('ann');
    expect(await party.live(after)).toEqual([true]);
  });
});

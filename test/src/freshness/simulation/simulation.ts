import type { Session, SessionStore } from 'session-revocation';
import type { Awaitable } from 'session-revocation/adapter';
import { MapStore } from '../../../../examples/custom-store/store.ts';
import { drained, Node } from './node.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly checks: number;
  /** In ms. */
  readonly maxStaleness: number;
}

export interface SimulationResult {
  readonly checks: number;
  readonly accepted: number;
  /** Checks that were answered without a read. */
  readonly fromMemory: number;
  readonly ends: number;
  /** Acceptances that break a law, each in words. */
  readonly violations: readonly string[];
}

/** A token, and when it was ended, as its checker knows. */
interface Client {
  readonly user: string;
  readonly account: string;
  token: string;
  session: Session;
  /** The time at which the end was acknowledged, and to which process. */
  ended: { readonly at: number; readonly node: Node; readonly effectiveWithin: number } | null;
  /** An act on it is under way, or failed: it may or may not have been ended. */
  uncertain: boolean;
}

const CLIENTS = 400;
/** Clients that one process sees, so that it has most of them in memory. */
const NEAR = 8;
/** The true time between two checks of one process, in ms. */
const BETWEEN = 20;
const STRICT_SHARE = 0.1;
const MAX_TOLD = 20;

/**
 * Simulates processes that check, end and renew sessions of one store, with slow and lost answers, stopped processes, sleeping machines
 * and clocks that are set. The processes are the real code. The checker knows the true time of each acknowledgement, and looks at every
 * acceptance:
 *
 * 1. None comes later than `maxStaleness` after the end was acknowledged.
 * 2. None comes later than the `effectiveWithin` that the end was told with.
 * 3. None comes from the process that ended the session.
 *
 * A check that began before the acknowledgement may accept, as without memory.
 */
export async function simulate({
  seed,
  nodes: size,
  checks,
  maxStaleness,
}: SimulationOptions): Promise<SimulationResult> {
  const world = new World(seed);
  const { dice } = world;
  const store = new MapStore() as SessionStore;
  let current: Node | null = null;
  const enter = (node: Node): void => {
    current = node;
  };
  const real = globalThis.performance;
  const steady = { now: (): number => current?.steady() ?? 0 };
  Object.defineProperty(globalThis, 'performance', { value: steady, configurable: true, writable: true });

  // Some processes are strict, and some remember for a shorter time.
  const nodes = Array.from({ length: size }, (_, nth) => {
    const isStrict = nth % Math.round(1 / STRICT_SHARE) === 1;
    return new Node(world, store, isStrict ? 0 : nth % 3 === 2 ? maxStaleness / 2 : maxStaleness, enter);
  });
  const clients: (Client | null)[] = Array.from({ length: CLIENTS }, () => null);
  const violations: string[] = [];
  let [accepted, fromMemory, ends, done] = [0, 0, 0, 0];

  const awake = (): Node => {
    for (;;) {
      const node = nodes[dice.below(size)]!;
      if (!node.isStopped) return node;
      if (nodes.every(({ isStopped }) => isStopped)) return node;
    }
  };

  async function signIn(at: number): Promise<void> {
    const node = awake();
    const [user, account] = [`user ${dice.below(CLIENTS / 2)}`, `account ${at % 20}`];
    enter(node);
    try {
      const fence = await node.sessions.fence({ user, account });
      const started = await node.sessions.start({ user, account, fence });
      if (started.ok)
        clients[at] = { user, account, token: started.token, session: started.session, ended: null, uncertain: false };
    } catch {
      // The answer was lost: another sign-in follows.
    }
  }

  function judge(client: Client, node: Node): void {
    const { token } = client;
    const began = world.now;
    enter(node);
    let verdict: Awaitable<{ readonly ok: boolean }>;
    try {
      verdict = node.handle.judge(token, {});
    } catch {
      return;
    }
    done++;
    const look = ({ ok }: { readonly ok: boolean }): void => {
      if (!ok) return;
      accepted++;
      const { ended } = client;
      if (ended === null || client.uncertain || client.token !== token || began <= ended.at) return;
      const late = began - ended.at;
      const told = (law: string): void => {
        if (violations.length < MAX_TOLD)
          violations.push(`seed ${seed}, ${late.toFixed(1)} ms after the acknowledgement: ${law}`);
      };
      if (late > maxStaleness) told('later than maxStaleness');
      if (late > ended.effectiveWithin) told(`later than effectiveWithin, which was ${ended.effectiveWithin}`);
      if (ended.node === node) told('by the process that ended it');
    };
    if (verdict instanceof Promise) verdict.then(look, () => {});
    else {
      fromMemory++;
      look(verdict);
    }
  }

  /** Ends sessions, and notes when that was acknowledged. */
  async function act(client: Client): Promise<void> {
    const node = awake();
    const covers = dice.next();
    const isOf = (other: Client): boolean =>
      covers < 0.5
        ? other === client
        : covers < 0.8
          ? other.user === client.user
          : covers < 0.98
            ? other.account === client.account
            : true;
    const covered = clients.filter(
      (other): other is Client => other !== null && other.ended === null && !other.uncertain && isOf(other),
    );
    const former = covered.map((other) => other.token);
    for (const each of covered) each.uncertain = true;
    enter(node);
    try {
      const { sessions } = node;
      let effectiveWithin: number;
      if (covers < 0.2) ({ effectiveWithin } = await sessions.end(client.session.id, { user: client.user }));
      else if (covers < 0.5)
        ({ effectiveWithin } = await sessions.revoke({ user: client.user }, { keep: client.session }));
      else if (covers < 0.8) ({ effectiveWithin } = await sessions.revoke({ user: client.user }));
      else if (covers < 0.98) ({ effectiveWithin } = await sessions.revoke({ account: client.account }));
      else ({ effectiveWithin } = await sessions.revoke({ realm: true }));
      ends++;
      for (const [nth, each] of covered.entries()) {
        // The old token of a kept session is over like the others.
        if (each.token === former[nth]) each.ended = { at: world.now, node, effectiveWithin };
        each.uncertain = false;
      }
    } catch {
      // It may have happened. These clients are replaced.
      for (const each of covered) clients[clients.indexOf(each)] = null;
    }
  }

  try {
    for (let at = 0; at < CLIENTS; at++) void signIn(at);
    await world.pass(5_000);
    while (done < checks) {
      await world.pass(BETWEEN / size);
      const nth = dice.below(size);
      const node = nodes[nth]!;
      if (node.isStopped) continue;
      const at = (nth * 5 + dice.below(NEAR)) % CLIENTS;
      const client = clients[at] ?? null;
      if (client !== null) judge(client, node);
      const luck = dice.next();
      if (luck < 0.03) {
        const replaced = dice.below(CLIENTS);
        const { ended = null } = clients[replaced] ?? {};
        if (clients[replaced] === null || (ended !== null && world.now - ended.at > 4 * maxStaleness))
          void signIn(replaced);
      } else if (luck < 0.033) {
        const victim = clients[dice.below(CLIENTS)];
        if (victim && victim.ended === null && !victim.uncertain) void act(victim);
      } else if (luck < 0.0335) nodes[dice.below(size)]!.stop(dice.between(100, 3 * maxStaleness));
      // A machine that slept and whose clock was set back meanwhile would have lost both clocks.
      else if (luck < 0.034) nodes[2 * dice.below(size / 2)]!.sleep(dice.between(100, 3 * maxStaleness));
      else if (luck < 0.0345) nodes[2 * dice.below(size / 2) + 1]!.setClock(dice.between(-3600e3, 3600e3));
    }
    await drained();
  } finally {
    Object.defineProperty(globalThis, 'performance', { value: real, configurable: true, writable: true });
  }
  return { checks: done, accepted, fromMemory, ends, violations };
}

import { createSessions, type Session, type Verdict } from 'session-revocation';
import { type AdapterHandle, adapterHandle } from 'session-revocation/adapter';
import { Broker } from './broker.ts';
import { drained, Node } from './node.ts';
import { SharedStore } from './shared-store.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly checks: number;
  /** In ms. */
  readonly maxStaleness: number;
  /** True if the store tells its changes. */
  readonly tellsChanges: boolean;
}

export interface SimulationResult {
  readonly checks: number;
  readonly accepted: number;
  /** Checks that were answered without a read. */
  readonly fromMemory: number;
  readonly ends: number;
  /** Simulated seconds. */
  readonly seconds: number;
  /** The first acceptance that broke a law, in words. It ends the simulation. */
  readonly violation: string | null;
}

/** A token, and when it was over, as the checker knows. */
interface Client {
  readonly user: string;
  readonly account: string;
  readonly token: string;
  readonly session: Session;
  /** The time at which the end was acknowledged, and to which process. */
  ended: { readonly at: number; readonly node: Node; readonly effectiveWithin: number } | null;
  /** An act on it is under way. */
  uncertain: boolean;
  /** When a process refused it for the first time. */
  readonly refused: Map<Node, number>;
}

const CLIENTS = 400;
/** Clients that one process sees, so that it has most of them in memory. */
const [NEAR, APART] = [8, 5];
/** The true time between two checks of one process, in ms. */
const BETWEEN = 20;
const STRICT_SHARE = 0.1;
/** The true time in which processes start, in ms. */
const STARTING = 4_000;
/** Ends and losses of the store, in a true second. */
const [ENDS, LOSSES] = [9, 0.2];

/**
 * Simulates processes that check, end and renew sessions of one store, with slow and lost answers, stopped processes, sleeping machines,
 * clocks that are set, and a store that loses what it told. Half of them have a notifier that is not reliable. The processes are the real code. The checker knows the true time of each
 * acknowledgement, and looks at every acceptance:
 *
 * 1. None comes later than `maxStaleness` after the end was acknowledged.
 * 2. None comes later than the `effectiveWithin` that the end was told with.
 * 3. None comes from the process that ended the session, whether it was told so or not.
 * 4. None comes from a process that has refused the session.
 *
 * A check that began before the acknowledgement may accept, as without memory.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { performance } = globalThis;
  const steady = { now: (): number => Node.current?.steady() ?? 0 };
  Object.defineProperty(globalThis, 'performance', { value: steady, configurable: true, writable: true });
  try {
    return await new Simulation(options).run();
  } finally {
    Node.current = null;
    Object.defineProperty(globalThis, 'performance', { value: performance, configurable: true, writable: true });
  }
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #shared: SharedStore;
  readonly #broker: Broker;
  readonly #nodes: Node[] = [];
  readonly #clients: (Client | null)[] = Array.from({ length: CLIENTS }, () => null);
  /** Those that were renewed, and are still tried with the old token. */
  readonly #old: (Client | null)[] = [];
  /** Asks the store without a wait. */
  readonly #oracle: AdapterHandle;
  #checks = 0;
  #accepted = 0;
  #fromMemory = 0;
  #ends = 0;
  #violation: string | null = null;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#world = new World(options.seed);
    this.#broker = new Broker(this.#world);
    this.#shared = new SharedStore(options.tellsChanges);
    const { powers: _, ...store } = this.#shared.store;
    this.#oracle = adapterHandle(createSessions({ store, touchEvery: '1d' }));
  }

  async run(): Promise<SimulationResult> {
    const { nodes: size, checks, maxStaleness, tellsChanges } = this.#options;
    const world = this.#world;
    const { dice } = world;
    for (let nth = 0; nth < size; nth++) {
      // Some processes are strict, and some remember for a shorter time. Those start first.
      const isStrict = nth % Math.round(1 / STRICT_SHARE) === 1;
      const bound = isStrict ? 0 : nth % 3 === 2 ? maxStaleness / 2 : maxStaleness;
      world.in(bound === maxStaleness ? dice.between(1_000, STARTING) : dice.below(1_000), () => {
        this.#nodes.push(new Node(world, this.#shared, bound, nth % 2 === 0 ? this.#broker : null));
      });
    }
    await world.pass(1_000);
    for (let at = 0; at < CLIENTS; at++) void this.#signIn(at);
    while (this.#checks < checks && this.#violation === null) {
      const step = BETWEEN / size;
      await world.pass(step);
      this.#check();
      if (dice.falls(0.03)) this.#replace(dice.below(CLIENTS));
      if (dice.falls((ENDS * step) / 1_000)) void this.#end(this.#clients[dice.below(CLIENTS)] ?? null);
      if (tellsChanges && dice.falls((LOSSES * step) / 1_000)) this.#shared.loseChanges();
      const luck = dice.next();
      const any = dice.below(this.#nodes.length);
      if (luck < 0.0005) this.#nodes[any]?.stop(dice.between(100, 3 * maxStaleness));
      // A machine that slept and whose clock was set back meanwhile would have lost both clocks.
      else if (luck < 0.001) this.#nodes[any - (any % 2)]?.sleep(dice.between(100, 3 * maxStaleness));
      else if (luck < 0.0015) this.#nodes[any - (any % 2) + 1]?.setClock(dice.between(-3600e3, 3600e3));
    }
    await drained();
    return {
      checks: this.#checks,
      accepted: this.#accepted,
      fromMemory: this.#fromMemory,
      ends: this.#ends,
      seconds: Math.round(world.now / 1_000),
      violation: this.#violation,
    };
  }

  #awake(): Node {
    const awake = this.#nodes.filter(({ isStopped }) => !isStopped);
    return awake[this.#world.dice.below(awake.length)] ?? this.#nodes[0]!;
  }

  async #signIn(at: number): Promise<void> {
    const node = this.#awake();
    const [user, account] = [`user ${this.#world.dice.below(CLIENTS / 2)}`, `account ${at % 20}`];
    Node.current = node;
    try {
      const fence = await node.sessions.fence({ user, account });
      const started = await node.sessions.start({ user, account, fence });
      if (started.ok) this.#clients[at] = clientOf(user, account, started);
    } catch {
      // The answer was lost: another sign-in follows.
    }
  }

  /** Signs in again, some time after the end. */
  #replace(at: number): void {
    const { ended = null } = this.#clients[at] ?? {};
    if (this.#clients[at] !== null && (ended === null || this.#world.now - ended.at < 3 * this.#options.maxStaleness))
      return;
    void this.#signIn(at);
  }

  #check(): void {
    const { dice } = this.#world;
    const nth = dice.below(this.#nodes.length);
    const node = this.#nodes[nth]!;
    if (node.isStopped) return;
    const at = (nth * APART + dice.below(NEAR)) % CLIENTS;
    const client = dice.falls(0.2) ? this.#old[at] : this.#clients[at];
    if (!client) return;
    this.#checks++;
    const began = this.#world.now;
    const look = ({ ok }: Verdict): void => {
      if (ok) this.#accept(client, node, began);
      else if (!client.refused.has(node)) client.refused.set(node, this.#world.now);
    };
    try {
      const verdict = node.check(client.token, dice.falls(0.02));
      if (verdict instanceof Promise) {
        verdict.then(look, () => {});
        return;
      }
      this.#fromMemory++;
      look(verdict);
    } catch {
      // An outage.
    }
  }

  #accept({ ended, uncertain, refused }: Client, node: Node, began: number): void {
    this.#accepted++;
    if (began > (refused.get(node) ?? Infinity)) this.#tell('by a process that has refused it');
    if (ended === null || uncertain || began <= ended.at) return;
    const late = began - ended.at;
    const words = `${late.toFixed(1)} ms after the acknowledgement`;
    if (late > this.#options.maxStaleness) this.#tell(`${words}, later than maxStaleness`);
    if (late > ended.effectiveWithin)
      this.#tell(`${words}, later than effectiveWithin, which was ${ended.effectiveWithin}`);
    if (ended.node === node) this.#tell(`${words}, by the process that ended it`);
  }

  #tell(law: string): void {
    this.#violation ??= `seed ${this.#options.seed}: accepted ${law}`;
  }

  /** Ends or renews sessions, and notes when that was acknowledged. */
  async #end(client: Client | null): Promise<void> {
    if (client === null || client.ended !== null || client.uncertain) return;
    const near = this.#nodes[Math.floor(this.#clients.indexOf(client) / APART)];
    // Often one that has the session in memory.
    const node = near?.isStopped === false && this.#world.dice.falls(0.8) ? near : this.#awake();
    const { sessions } = node;
    const { user, account, session } = client;
    const ofUser = (other: Client): boolean => other.user === user;
    const luck = this.#world.dice.next();
    const [isOf, act]: [(other: Client) => boolean, () => Promise<{ readonly effectiveWithin: number }>] =
      luck < 0.2
        ? [(other) => other === client, () => sessions.end(session.id, { user })]
        : luck < 0.45
          ? [(other) => other === client, () => this.#renew(client, node)]
          : luck < 0.6
            ? [ofUser, () => sessions.revoke({ user }, { keep: session })]
            : luck < 0.95
              ? [ofUser, () => sessions.revoke({ user })]
              : luck < 0.998
                ? [(other) => other.account === account, () => sessions.revoke({ account })]
                : [() => true, () => sessions.revoke({ realm: true })];
    const covered = this.#clients.filter(
      (other): other is Client => other !== null && other.ended === null && !other.uncertain && isOf(other),
    );
    for (const each of covered) each.uncertain = true;
    Node.current = node;
    let effectiveWithin = this.#options.maxStaleness;
    try {
      ({ effectiveWithin } = await act());
      this.#ends++;
    } catch {
      // It may have happened: see below.
    }
    for (const each of covered) {
      each.uncertain = false;
      // Renewed, or kept by the revocation, a session has another token now.
      const isOver = !(this.#oracle.judge(each.token, {}) as { readonly ok: boolean }).ok;
      if (isOver) each.ended = { at: this.#world.now, node, effectiveWithin };
    }
  }

  async #renew(client: Client, node: Node): Promise<{ readonly effectiveWithin: number }> {
    const renewed = await node.sessions.renew(client.session);
    if (!renewed.ok) throw new Error('the session is over');
    const at = this.#clients.indexOf(client);
    this.#clients[at] = clientOf(client.user, client.account, renewed);
    this.#old[at] = client;
    return { effectiveWithin: this.#options.maxStaleness };
  }
}

const clientOf = (
  user: string,
  account: string,
  { token, session }: { readonly token: string; readonly session: Session },
): Client => ({ user, account, token, session, ended: null, uncertain: false, refused: new Map() });

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
  /** `true` if the store has the power `changes`. */
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
  /** The first acceptance that broke a law, as text. The simulation ends with it. */
  readonly violation: string | null;
}

/** A token, and the end of its session as the checker knows it. */
interface Client {
  readonly user: string;
  readonly account: string;
  readonly token: string;
  readonly session: Session;
  /** The true time of the acknowledgement, the process that ended the session, and the result's `effectiveWithin`. */
  ended: { readonly at: number; readonly node: Node; readonly effectiveWithin: number } | null;
  /** `true` while an operation that may end the session is under way. */
  uncertain: boolean;
  /** The true time of each process's first refusal. */
  readonly refused: Map<Node, number>;
}

const CLIENTS = 400;
/**
 * A process sees `NEAR` clients, so it has most of them in memory. The clients of the next process start `APART` later.
 */
const [NEAR, APART] = [8, 5];
/** Average true time between two checks of one process, in ms. */
const BETWEEN = 20;
const STRICT_SHARE = 0.1;
/** The processes start within this true time, in ms. */
const STARTING = 4_000;
/** Ends of sessions, and losses of the change log, per true second. */
const [ENDS, LOSSES] = [9, 0.2];

/**
 * Simulates processes that check, end and renew sessions in one store. The processes run the real code. Answers are
 * slow or lost, processes stop, machines sleep, clocks jump, and the store loses its change log. Half of the processes
 * have an unreliable notifier. The checker knows the true time of each acknowledgement, and tests every acceptance:
 *
 * 1. None comes later than `maxStaleness` after the acknowledged end.
 * 2. None comes later than the `effectiveWithin` of that end's result.
 * 3. None comes from the process that ended the session, even if it received no result.
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
  /** Clients whose session was renewed. The simulation still presents their old tokens. */
  readonly #old: (Client | null)[] = [];
  /** Judges tokens by the store, without delay. */
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
      // Some processes are strict, and some have a shorter bound. They start before the others.
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
      // A process either sleeps or gets its clock set. With both, neither of its clocks would be reliable.
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
      // The answer was lost. A later step signs in again.
    }
  }

  /** Signs in again, some time after the session ended. */
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
      // The store did not answer.
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

  /** Ends or renews sessions, and records the time of the acknowledgement. */
  async #end(client: Client | null): Promise<void> {
    if (client === null || client.ended !== null || client.uncertain) return;
    const near = this.#nodes[Math.floor(this.#clients.indexOf(client) / APART)];
    // Often selects a process that has the session in memory.
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
      // The operation may have succeeded. The oracle finds out below.
    }
    for (const each of covered) {
      each.uncertain = false;
      // A renewed or kept session has a new token now, so its old token counts as ended.
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

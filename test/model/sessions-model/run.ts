import assert from 'node:assert/strict';
import {
  type BuiltInTrigger,
  createSessions,
  type KindOptions,
  type Session,
  type SessionStore,
  type Sessions,
} from 'session-revocation';
import { type Held, type ModelFence, type ModelSettings, type Person, SessionsModel } from './model.ts';
import type { Rules } from './operations.ts';

const HOUR = 3600e3;
const DAY = 24 * HOUR;

export const KINDS: ModelSettings['kinds'] = {
  browser: { absolute: 5 * HOUR, idle: 4 * HOUR, survives: [] },
  api: { absolute: 365 * DAY, idle: null, survives: ['user', 'member'] },
  mcp: { absolute: 30 * DAY, idle: 14 * DAY, survives: ['member'] },
  remembered: { absolute: null, idle: null, survives: [] },
};
const USERS = ['ann', 'ann', 'bob', 'ann'];
const ACCOUNTS = [null, 'acme', 'beta', 'acme'];
const KIND_NAMES = ['browser', 'browser', 'api', 'mcp', 'remembered', 'browser'];
const TIMES = { touchEvery: 60e3, retention: 2 * HOUR };
/** The account whose members sign out everywhere with every sign-out. */
export const EVERYWHERE = 'acme';
const TRIGGERS = { noticed: 'none', newPhone: { revoke: 'others', kinds: ['browser'] } } as const;
const OPTIONS = {
  ...TIMES,
  triggers: TRIGGERS,
  policy: (account: string | null) => ({ signOut: account === EVERYWHERE ? 'everywhere' : 'session' }) as const,
  // Longer than any run.
  audit: { retention: '36500d' },
} as const;

/** A process with one realm and one clock. */
export interface Node {
  readonly realm: string;
  readonly sessions: Sessions<BuiltInTrigger | keyof typeof TRIGGERS>;
  ahead: number;
}

/** A token that a client holds, and the session object that the app received with it. */
export interface HeldReal extends Held {
  readonly real: Session;
  readonly token: string;
}

export interface FenceReal {
  readonly model: ModelFence;
  readonly text: string;
}

/** Returns the value at an index, modulo the number of values. */
export const at = <T>(values: readonly T[], index: number): T | undefined => values[index % values.length];

/** Converts a user, and an account if there is one, for the public API. */
export const named = ({ user, account }: Omit<Person, 'realm'>): { user: string; account?: string } =>
  account === null ? { user } : { user, account };

/** One run. The library and the model do the same and must agree. Three nodes serve one realm, one another. */
export class Run {
  readonly model: SessionsModel;
  readonly fences: FenceReal[] = [];
  readonly held: HeldReal[] = [];
  readonly #nodes: readonly Node[];
  readonly #names: number;
  readonly #told: Map<string, number>;
  #time: number = Date.UTC(2030, 0, 1);

  constructor(store: SessionStore, { limit, replace, names }: Rules, told: Map<string, number>) {
    this.#names = names;
    this.#told = told;
    this.model = new SessionsModel({ kinds: KINDS, ...TIMES, limit, replace });
    const kinds: Record<string, KindOptions> = Object.fromEntries(
      Object.entries(KINDS).map(([kind, { survives, ...lifetime }]) => [kind, { lifetime, survives }]),
    );
    this.#nodes = ['dashboard', 'dashboard', 'dashboard', 'buyer'].map((realm) => {
      const clock = { now: () => this.now(node) };
      const sessions = createSessions({ ...OPTIONS, store, realm, kinds, limit, replace, clock });
      const node: Node = { realm, sessions, ahead: 0 };
      return node;
    });
  }

  now({ ahead }: Node): number {
    return this.#time + ahead;
  }

  wait(ms: number): void {
    this.#time += ms;
  }

  /** Returns a user by an index. The first `names` entries of the table are used. */
  user(index: number): string {
    return at(USERS.slice(0, this.#names), index)!;
  }

  account(index: number): string | null {
    return at(ACCOUNTS.slice(0, this.#names), index)!;
  }

  kind(index: number): string {
    return at(KIND_NAMES.slice(0, this.#names), index)!;
  }

  /** Returns a process by an index, among all or among those of a realm. */
  node(process: number, realm?: string): Node {
    const nodes = realm === undefined ? this.#nodes : this.#nodes.filter((node) => node.realm === realm);
    return at(nodes, process)!;
  }

  /** Asserts that the library answered like the model, and counts the answer. */
  same(operation: string, said: string, expected: string): void {
    const key = `${operation}: ${expected}`;
    assert.equal(`${operation}: ${said}`, key);
    this.#told.set(key, (this.#told.get(key) ?? 0) + 1);
  }

  /** Stores a session that the library returned, with its new token. */
  hold(held: Held, real: Session, token: string): void {
    const { id, realm: _, user, account, kind, createdAt, expiresAt } = held.session;
    const view = { id: real.id, user: real.user, account: real.account, kind: real.kind };
    assert.deepEqual({ ...view, createdAt: real.createdAt }, { id, user, account, kind, createdAt });
    assert.equal(real.expiresAt, expiresAt);
    this.held.push({ ...held, real, token });
  }

  async fence(node: Node, who: Omit<Person, 'realm'>): Promise<FenceReal> {
    const text = await node.sessions.fence(named(who));
    const { user, account } = who;
    const fence = { text, model: this.model.fence({ realm: node.realm, user, account }, this.now(node)) };
    this.fences.push(fence);
    return fence;
  }

  async check(node: Node, held: HeldReal): Promise<void> {
    const { session } = held;
    const before = session.lastUsedAt;
    const expected = this.model.check(held, this.now(node));
    const verdict = await node.sessions.check(held.token);
    this.same('check', verdict.ok ? 'ok' : verdict.reason, expected);
    if (verdict.ok) assert.equal(verdict.session.lastUsedAt, before);
    else if (verdict.end?.reason === 'ended') {
      const { at, reason } = verdict.end.ended;
      assert.deepEqual({ at, reason }, session.ended);
    } else if (verdict.end?.reason === 'revoked') {
      const { scope, at } = verdict.end.revocation ?? {};
      assert.deepEqual({ scope, at }, this.model.revocation(session));
    }
    // The library records a use in the background.
    if (session.lastUsedAt !== before) await settled();
  }

  /** Pages through the list of live sessions, and through the list of all sessions. */
  async list({ realm, sessions, ...clock }: Node, who: Omit<Person, 'realm'>): Promise<void> {
    const now = this.now({ realm, sessions, ...clock });
    const rows = this.model.list(realm, who.user, who.account).map((session) => ({
      ...{ id: session.id, lastUsedAt: session.lastUsedAt, over: this.model.over(session, now) },
    }));
    for (const ended of [false, true]) {
      const shown = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<Sessions['list']>> = await sessions.list(named(who), {
          ended,
          limit: 3,
          cursor,
        });
        for (const { id, lastUsedAt, end } of page.sessions) shown.push({ id, lastUsedAt, over: end?.reason ?? null });
        cursor = page.cursor;
      } while (cursor !== null);
      assert.deepEqual(shown, ended ? rows : rows.filter(({ over }) => over === null));
    }
  }

  /** Compares the log, every issued token and every list, on every process. */
  async compare(): Promise<void> {
    for (const node of this.#nodes) {
      await compareLog(node, this.model);
      for (const held of this.held) if (held.session.realm === node.realm) await this.check(node, held);
      for (const user of new Set(USERS)) {
        for (const account of new Set(ACCOUNTS)) await this.list(node, { user, account });
      }
    }
  }
}

/** Asserts that every write that took effect has one log entry. */
async function compareLog({ realm, sessions }: Node, model: SessionsModel): Promise<void> {
  const inRealm = model.sessions.filter((session) => session.realm === realm);
  const expected: Record<string, number> = {
    'session.started': inRealm.length,
    'session.ended': inRealm.filter(({ ended }) => ended !== null).length,
    'session.renewed': model.done.get(`${realm} session.renewed`) ?? 0,
    'sessions.revoked': model.done.get(`${realm} sessions.revoked`) ?? 0,
  };
  const told = Object.fromEntries(Object.keys(expected).map((type) => [type, 0]));
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Sessions['audit']>> = await sessions.audit({
      ...{ types: Object.keys(expected), limit: 7, cursor },
    });
    for (const { id, type } of page.entries) {
      told[type]!++;
      seen.add(id);
    }
    cursor = page.cursor;
  } while (cursor !== null);
  assert.deepEqual(told, expected);
  assert.equal(
    seen.size,
    Object.values(told).reduce((sum, count) => sum + count, 0),
  );
}

/** Waits until background work is done. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

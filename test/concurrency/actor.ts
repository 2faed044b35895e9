import type { RenewResult, RevokeRequest, Scope, Session, Sessions, SessionView } from 'session-revocation';
import type { Fenced, Seen } from './operation.ts';
import { anAccount, aUser, type Chance, IDLE, KINDS, SURVIVING, somewhere } from './population.ts';
import type { Recorder } from './recorder.ts';

/** A token that a user holds, and the id of its session. */
export interface Held {
  readonly token: string;
  readonly id: string;
}

/** How many tokens a process holds and uses again. */
const MAX_HELD = 40;

/** Probability that a refused token is dropped. The tokens that stay show whether an ended session comes back. */
const GIVEN_UP = 0.3;

/** Probability that an actor resumes a scope that it suspended. Long suspensions would block all sign-ins. */
const RESUMED = 0.2;

type Deed = (actor: Actor) => Promise<void>;

/** The actions of an actor, with their weights. */
const DEEDS: readonly (readonly [Deed, number])[] = [
  [(actor) => actor.check().then(() => {}), 50],
  [(actor) => actor.signIn(), 16],
  [(actor) => actor.list(), 6],
  [(actor) => actor.renew(), 8],
  [(actor) => actor.switchAccount(), 3],
  [(actor) => actor.reauthenticate(), 2],
  [(actor) => actor.end(), 4],
  [(actor) => actor.revokeOthers(), 5],
  [(actor) => actor.revokeUser(), 2],
  [(actor) => actor.revokeMember(), 2],
  [(actor) => actor.revokeApi(), 1],
  [(actor) => actor.revokeAccount(), 0.5],
  [(actor) => actor.revokeRealm(), 0.15],
  [(actor) => actor.suspend(), 1],
  [(actor) => actor.resume(), 0.5],
  [(actor) => actor.prune(), 0.5],
];

/** Randomly does what users, apps and administrators do, one action after the other. Every action is recorded. */
export class Actor {
  readonly #sessions: Sessions;
  readonly #recorder: Recorder;
  readonly #chance: Chance;
  readonly #issued: (held: Held) => void;
  readonly #held: Held[];
  readonly #generation: number;
  readonly #rests: boolean;
  /** The scopes that this actor suspended and has not resumed yet. */
  readonly #suspended: Scope[] = [];

  /**
   * Shares `held` with the other actors of the process. Calls `issued` with every new token. Uses new users after every
   * `generation` ms. With `rests`, tokens rest for a while between their uses.
   */
  constructor(
    sessions: Sessions,
    recorder: Recorder,
    chance: Chance,
    held: Held[],
    issued: (held: Held) => void,
    generation: number,
    rests = false,
  ) {
    this.#rests = rests;
    this.#generation = generation;
    this.#sessions = sessions;
    this.#recorder = recorder;
    this.#chance = chance;
    this.#held = held;
    this.#issued = issued;
  }

  /** Does one random action. */
  act(): Promise<void> {
    const suspended = this.#suspended[0];
    if (suspended !== undefined && this.#chance.next() < RESUMED) return this.#resume(suspended);
    return this.#chance.weigh(DEEDS)(this);
  }

  async signIn(): Promise<void> {
    const user = this.#anyUser();
    const account = somewhere(this.#chance);
    const kind = this.#chance.pick(KINDS);
    const fenced = await this.#fence(user, account);
    if (fenced === null) return;
    const { fence, ...times } = fenced;
    const started = await this.#recorder.take(
      () => this.#sessions.start({ user, ...inAccount(account), kind, fence }),
      (answer) => ({
        ...{ type: 'start', user, account, kind, ...times },
        session: answer?.ok === true ? seen(answer.session) : null,
        refused: answer?.ok === false ? answer.reason : null,
        token: answer?.ok === true ? nameOf(answer.token) : null,
      }),
    );
    if (started?.ok === true) this.#hold(started.token, started.session.id);
  }

  /** Checks a token. Returns its session if it is live. */
  async check(held: Held | undefined = this.#anyHeld()): Promise<{ held: Held; session: Session } | null> {
    if (held === undefined) return null;
    const verdict = await this.#recorder.take(
      () => this.#sessions.check(held.token),
      (answer) => ({
        ...{ type: 'check', id: held.id, token: nameOf(held.token) },
        session: answer?.ok === true ? seen(answer.session) : null,
        refused: answer?.ok === false ? answer.reason : null,
      }),
    );
    if (verdict === null) return null;
    if (verdict.ok) return { held, session: verdict.session };
    if (this.#chance.next() < GIVEN_UP) this.#drop(held);
    return null;
  }

  async list(user: string = this.#anyUser()): Promise<void> {
    await this.#recorder.take(
      () => this.#sessions.list({ user }, { limit: 1_000 }),
      (answer) => ({
        ...{ type: 'list', user, whole: answer !== null && answer.cursor === null },
        sessions: answer?.sessions.map(seen) ?? [],
      }),
    );
  }

  async renew(): Promise<void> {
    const judged = await this.check();
    if (judged === null) return;
    const attributes = { turn: this.#chance.next() };
    await this.#rotate(judged, null, false, () => this.#sessions.renew(judged.session, { attributes }));
  }

  async switchAccount(): Promise<void> {
    const judged = await this.check();
    if (judged === null) return;
    const account = anAccount(this.#chance);
    const fenced = await this.#fence(judged.session.user, account);
    if (fenced === null) return;
    const { fence, ...times } = fenced;
    const into = { account, ...times };
    await this.#rotate(judged, into, false, () => this.#sessions.renew(judged.session, { account, fence }));
  }

  async reauthenticate(): Promise<void> {
    const judged = await this.check();
    if (judged === null) return;
    const fenced = await this.#fence(judged.session.user, judged.session.account);
    if (fenced === null) return;
    const { fence } = fenced;
    await this.#rotate(judged, null, true, () => this.#sessions.reauthenticate(judged.session, { fence }));
  }

  async end(): Promise<void> {
    const judged = await this.check();
    if (judged === null) return;
    const { id, user } = judged.session;
    await this.#recorder.take(
      () => this.#sessions.end(id, { user }),
      (answer) => ({ type: 'end', judged: seen(judged.session), ended: answer?.ended ?? false }),
    );
  }

  async revokeOthers(): Promise<void> {
    const judged = await this.check();
    if (judged === null) return;
    const { user, account } = judged.session;
    const scope = account !== null && this.#chance.next() < 0.5 ? { user, account } : { user };
    await this.#revoke(scope, null, { keep: judged.session, ...this.#anyKinds() }, judged);
  }

  async revokeUser(): Promise<void> {
    await this.#revoke({ user: this.#anyUser() }, null, this.#anyKinds());
  }

  async revokeMember(): Promise<void> {
    const member = { user: this.#anyUser(), account: anAccount(this.#chance) };
    await this.#revoke(member, null, this.#anyKinds());
  }

  async revokeApi(): Promise<void> {
    await this.#revoke({ user: this.#anyUser() }, null, { kinds: ['api'] });
  }

  async revokeAccount(): Promise<void> {
    await this.#revoke({ account: anAccount(this.#chance) }, null);
  }

  async revokeRealm(): Promise<void> {
    await this.#revoke({ realm: true }, null);
  }

  async suspend(): Promise<void> {
    const scope = this.#anyScope();
    this.#suspended.push(scope);
    await this.#revoke(scope, 'suspended');
  }

  async resume(): Promise<void> {
    await this.#revoke(this.#anyScope(), 'resumed');
  }

  async #resume(scope: Scope): Promise<void> {
    if (await this.#revoke(scope, 'resumed')) this.#suspended.splice(this.#suspended.indexOf(scope), 1);
  }

  async prune(): Promise<void> {
    await this.#recorder.take(
      () => this.#sessions.prune(),
      (answer) => ({ type: 'prune', removed: answer?.sessions ?? 0 }),
    );
  }

  async #fence(user: string, account: string | null): Promise<(Fenced & { readonly fence: string }) | null> {
    const fenceCall = this.#recorder.time();
    let fence: string | null = null;
    await this.#recorder.take(
      async () => {
        fence = await this.#sessions.fence({ user, ...inAccount(account) });
      },
      () => ({ type: 'fence' }),
    );
    return fence === null ? null : { fence, fenceCall, fenceAnswer: this.#recorder.time() };
  }

  async #rotate(
    { held, session }: { readonly held: Held; readonly session: Session },
    into: (Fenced & { readonly account: string }) | null,
    reauthenticated: boolean,
    perform: () => Promise<RenewResult>,
  ): Promise<void> {
    const rotated = await this.#recorder.take(perform, (answer) => ({
      ...{ type: 'rotate', from: nameOf(held.token), judged: seen(session), into, reauthenticated },
      session: answer?.ok === true ? seen(answer.session) : null,
      refused: answer?.ok === false ? answer.reason : null,
      token: answer?.ok === true ? nameOf(answer.token) : null,
    }));
    if (rotated?.ok === true) this.#hold(rotated.token, session.id);
  }

  /** Revokes, suspends or resumes a scope. Returns whether the store answered. */
  async #revoke(
    scope: Scope,
    change: 'suspended' | 'resumed' | null,
    request: Pick<RevokeRequest, 'keep' | 'kinds'> = {},
    initiator: { readonly held: Held; readonly session: Session } | null = null,
  ): Promise<boolean> {
    const { user = null, account = null } = { user: undefined, account: undefined, ...scope };
    const name = user === null ? (account === null ? 'realm' : 'account') : account === null ? 'user' : 'member';
    const spares = user === null || change !== null ? [] : SURVIVING;
    const covers = Array.isArray(request.kinds)
      ? request.kinds
      : KINDS.filter((kind) => request.kinds === 'all' || !spares.includes(kind));
    const verb = change === null ? 'revoke' : change === 'suspended' ? 'suspend' : 'resume';
    const revoked = await this.#recorder.take(
      () => this.#sessions[verb](scope, request),
      (answer) => ({
        ...{ type: 'revoke', scope: name, user, account, covers, change },
        ...{
          initiator: initiator && seen(initiator.session),
          from: initiator && nameOf(initiator.held.token),
          keeps: initiator !== null,
        },
        done: answer?.revoked ?? false,
        kept: answer?.kept?.id ?? null,
        token: answer?.token ? nameOf(answer.token) : null,
      }),
    );
    if (revoked?.revoked === true && revoked.token !== null && revoked.kept !== null) {
      this.#hold(revoked.token, revoked.kept.id);
    }
    return revoked !== null;
  }

  #anyKinds(): Pick<RevokeRequest, 'kinds'> {
    return this.#chance.next() < 0.3 ? { kinds: 'all' } : {};
  }

  /** Returns a user of the present generation. */
  #anyUser(): string {
    return aUser(this.#chance, Math.floor(this.#recorder.time() / this.#generation));
  }

  #anyScope(): Scope {
    const user = this.#anyUser();
    const account = anAccount(this.#chance);
    return this.#chance.weigh<Scope>([
      [{ user }, 6],
      [{ user, account }, 6],
      [{ account }, 1],
      [{ realm: true }, 0.5],
    ]);
  }

  #anyHeld(): Held | undefined {
    if (this.#held.length === 0) return undefined;
    const held = this.#chance.pick(this.#held);
    return this.#rests && this.#isResting(held) ? undefined : held;
  }

  /** A token is used for half an idle lifetime and then rests for a whole one. Sessions expire or just survive. */
  #isResting({ id }: Held): boolean {
    return (Math.floor(this.#recorder.time() / (IDLE / 2)) + id.charCodeAt(0)) % 3 !== 0;
  }

  #hold(token: string, id: string): void {
    const held = { token, id };
    hold(this.#held, held, this.#chance);
    this.#issued(held);
  }

  #drop(held: Held): void {
    const at = this.#held.indexOf(held);
    if (at >= 0) this.#held.splice(at, 1);
  }
}

/** Adds a token. Replaces a random token if the list is full. */
export function hold(all: Held[], held: Held, chance: Chance): void {
  if (all.length < MAX_HELD) all.push(held);
  else all[Math.floor(chance.next() * all.length)] = held;
}

const inAccount = (account: string | null): { account?: string } => (account === null ? {} : { account });

/** Returns the end of a token, enough to tell it from others. */
const nameOf = (token: string): string => token.slice(-12);

const seen = ({ id, user, account, kind, expiresAt }: SessionView): Seen => ({ id, user, account, kind, expiresAt });

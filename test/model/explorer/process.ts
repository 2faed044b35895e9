import type { Duration } from 'session-revocation';
import {
  createSessions,
  type RenewResult,
  type RevokeRequest,
  type RevokeResult,
  type Scope,
  type Session,
  type SessionStore,
  type Sessions,
  type SessionsOptions,
  type StartRequest,
  type StartResult,
  type Verdict,
} from 'session-revocation';
import { FENCE_LIVES } from '../../../src/model/fence.ts';
import type { Known, Who } from './history.ts';
import { accepts, mayLeaveSuspended, mayRefuse } from './laws.ts';
import { type Intent, isLive, SURVIVING, steppingStore, targetOf } from './recorder.ts';
import type { World } from './world.ts';

export interface ProcessOptions {
  readonly realm?: string;
  /** How far the clock of the process is ahead, in ms. */
  readonly skew?: number;
  /** Options of its `Sessions`. They override the options of the world. */
  readonly sessions?: Omit<SessionsOptions, 'store' | 'clock' | 'realm'>;
}

/** A process with its own `Sessions`. It runs one operation at a time. The laws judge every step and answer. */
export class Process {
  readonly name: string;
  readonly realm: string;
  readonly world: World;
  readonly sessions: Sessions;
  /** The store as this process sees it. Every verb waits until the schedule chooses it. */
  readonly store: SessionStore;
  readonly #skew: number;
  intent: Intent | null = null;
  reauthenticating = false;
  begunAt = 0;
  fencedAt = 0;
  /** The step at which this process last wrote a revocation. */
  advancedAt = 0;
  #fenceMadeAt = 0;
  verifiedAt: number = Number.POSITIVE_INFINITY;
  password: number = Number.POSITIVE_INFINITY;

  constructor(world: World, name: string, { realm = 'default', skew = 0, sessions }: ProcessOptions) {
    this.world = world;
    this.name = name;
    this.realm = realm;
    this.#skew = skew;
    const stepping = steppingStore(this);
    this.store = world.options.split?.(stepping, this) ?? stepping;
    this.sessions = createSessions({
      // A slow machine must not make a store call time out.
      ...{ timeout: '10m', kinds: KINDS, touchEvery: 0, audit: world.store.powers?.audit !== undefined && LOGGED },
      ...world.options.sessions,
      ...sessions,
      ...{ store: this.store, realm, clock: { now: () => this.now() } },
    });
    this.sessions.on('background.failed', ({ error }) => world.stepper.fail(error));
  }

  now(): number {
    return this.world.now() + this.#skew;
  }

  /** Takes a fence and records the step at which its stamps were read. */
  async fence(who: Who): Promise<string> {
    this.begunAt = this.world.history.step;
    this.#fenceMadeAt = this.now();
    const fence = await this.sessions.fence(who);
    this.fencedAt = this.world.history.step;
    return fence;
  }

  /** The app compares a password with the password that is right at this step. */
  async verify(password: number): Promise<boolean> {
    const { world } = this;
    return world.look(this.name, 'verify', () => {
      this.verifiedAt = world.history.step;
      this.password = password;
      return password === world.history.password;
    });
  }

  async start(who: Who, fence: string, request: Partial<StartRequest> = {}): Promise<StartResult> {
    this.begunAt = this.world.history.step;
    const result = await this.sessions.start({ ...who, fence, ...request });
    if (result.ok) this.world.issue(result.token);
    else this.#refused(result.reason, who, request.kind ?? 'browser');
    return result;
  }

  /** Takes a fence and starts a session. */
  async signIn(who: Who, request: Partial<StartRequest> = {}): Promise<StartResult> {
    return this.start(who, await this.fence(who), request);
  }

  async check(token: string): Promise<Verdict> {
    const verdict = await this.sessions.check(token);
    const issued = this.world.history.issued.find((one) => one.token === token);
    if (issued !== undefined && verdict.ok !== accepts(this.world, issued)) {
      this.world.history.violate('wrong verdict', `a check says ${verdict.ok ? 'live' : verdict.reason}`);
    }
    return verdict;
  }

  async renew(
    session: Session,
    switching?: { readonly account: string; readonly fence: string },
  ): Promise<RenewResult> {
    this.begunAt = this.world.history.step;
    return this.#renewed(session, switching?.account, await this.sessions.renew(session, switching));
  }

  async reauthenticate(session: Session, fence: string): Promise<RenewResult> {
    this.begunAt = this.world.history.step;
    this.reauthenticating = true;
    const result = await this.sessions.reauthenticate(session, { fence });
    this.reauthenticating = false;
    return this.#renewed(session, undefined, result);
  }

  #renewed(session: Session, switching: string | undefined, result: RenewResult): RenewResult {
    if (result.ok) this.world.issue(result.token);
    else if (result.reason === 'not-live') this.#notLive(session);
    else
      this.#refused(result.reason, { user: session.user, account: switching ?? session.account ?? '' }, session.kind);
    return result;
  }

  async end(session: Session): Promise<boolean> {
    const { ended } = await this.sessions.end(session.id, { user: session.user });
    return ended;
  }

  /** Revokes a scope, in the name of a session or of no session. */
  async revoke(scope: Scope, request: RevokeRequest = {}, inNameOf?: Session): Promise<RevokeResult> {
    const { keep, ifLive, kinds } = request;
    const initiator = inNameOf ?? keep ?? ifLive ?? null;
    return this.#write(scope, kinds ?? null, keep ?? null, initiator, null, () => this.sessions.revoke(scope, request));
  }

  /** Reports an event. The trigger revokes its scope even if the initiator is over. */
  async trigger(name: Trigger, who: Who, initiator: Session | null = null): Promise<RevokeResult> {
    const { kinds, spares } = TRIGGERS[name];
    const keep = spares ? initiator : null;
    this.begunAt = this.world.history.step;
    this.intent = { target: targetOf(this.realm, who), kinds, keep, initiator, suspend: null, evenIfOver: true };
    const result = await this.sessions.trigger(name, { ...who, keep: initiator ?? undefined });
    if (result.token !== null) this.world.issue(result.token);
    if (!result.revoked) this.world.history.violate('needless refusal', 'a trigger revokes nothing');
    return result;
  }

  /** Signs out as the account's policy demands. */
  async signOut(session: Session): Promise<boolean> {
    const { user, account } = session;
    this.begunAt = this.world.history.step;
    const target = targetOf(this.realm, account === null ? { user } : { user, account });
    this.intent = { target, kinds: 'all', keep: null, initiator: session, suspend: null, ignoreRotation: true };
    const { ended } = await this.sessions.signOut(session);
    if (!ended) this.#notLive(session, true);
    return ended;
  }

  async endIdle(who: Who, unusedFor: Duration): Promise<number> {
    const { ended } = await this.sessions.endIdle({ ...who, unusedFor });
    return ended;
  }

  async forgetUser(user: string): Promise<number> {
    this.intent = { target: targetOf(this.realm, { user }), kinds: 'all', keep: null, initiator: null, suspend: null };
    const { history } = this.world;
    history.forgetting.add(user);
    const { sessions } = await this.sessions.forgetUser(user);
    history.forgotten.push({ realm: this.realm, user, step: this.advancedAt });
    return sessions;
  }

  suspend(scope: Scope): Promise<RevokeResult> {
    return this.#write(scope, 'all', null, null, true, () => this.sessions.suspend(scope));
  }

  resume(scope: Scope): Promise<RevokeResult> {
    return this.#write(scope, 'all', null, null, false, () => this.sessions.resume(scope));
  }

  async #write(
    scope: Scope,
    kinds: Intent['kinds'],
    keep: Session | null,
    initiator: Session | null,
    suspend: boolean | null,
    write: () => Promise<RevokeResult>,
  ): Promise<RevokeResult> {
    this.begunAt = this.world.history.step;
    this.intent = { target: targetOf(this.realm, scope), kinds, keep, initiator, suspend };
    const result = await write();
    if (result.token !== null) this.world.issue(result.token);
    if (!result.revoked && initiator !== null) this.#notLive(initiator);
    if (!result.revoked && result.reason === 'not-suspended') mayLeaveSuspended(this.world, this.intent.target);
    return result;
  }

  /** Declares the effect of this process's next advance. Needed when a scenario calls the store directly. */
  intend(scope: Scope, keep: Session | null = null): void {
    this.intent = { target: targetOf(this.realm, scope), kinds: null, keep, initiator: keep, suspend: null };
  }

  #refused(reason: 'superseded' | 'suspended' | 'limit', who: Who, kind: string): void {
    const { begunAt, fencedAt } = this;
    const fenceIsOld = this.now() - this.#fenceMadeAt > FENCE_LIVES;
    const identity: Pick<Known, 'realm' | 'user' | 'account' | 'kind'> = {
      ...{ realm: this.realm, user: who.user, kind },
      account: who.account === undefined || who.account === '' ? null : who.account,
    };
    mayRefuse(this.world, reason, identity, { begunAt, fencedAt, fenceIsOld });
  }

  #notLive(session: Session, ignoreRotation = false): void {
    if (!isLive(this.world, session, ignoreRotation)) return;
    this.world.history.violate('needless refusal', `session ${session.id} is live, and was taken for one that is over`);
  }
}

/** The effects of the triggers that the scenarios use. */
const TRIGGERS = {
  passwordChanged: { kinds: null, spares: true },
  passwordReset: { kinds: 'all', spares: false },
  memberRemoved: { kinds: 'all', spares: false },
} as const;
type Trigger = keyof typeof TRIGGERS;

// Longer than any schedule lasts.
const LOGGED = { retention: '36500d' } as const;
const KINDS = Object.fromEntries(SURVIVING.map((kind) => [kind, { survives: ['user', 'member'] as const }]));

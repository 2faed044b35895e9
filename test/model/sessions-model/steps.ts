import assert from 'node:assert/strict';
import type { RevokeResult, Scope } from 'session-revocation';
import type { ModelScope, Person } from './model.ts';
import type { Operation, Sort, Told } from './operations.ts';
import { at, EVERYWHERE, type FenceReal, type Node, named, type Run } from './run.ts';

const NAMED_KINDS = [null, null, 'all', ['browser'], ['api', 'mcp'], ['remembered']] as const;
const SCOPES = ['user', 'member', 'user', 'account', 'member', 'user', 'realm', 'account'] as const;
const AGENTS = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0',
  undefined,
];
const HOUR = 3600e3;

type Steps = { readonly [S in Sort]: (run: Run, told: Told<S>) => Promise<void> | void };

/** Runs one operation on the library and on the model, and compares the answers. */
export async function take(run: Run, { do: sort, ...told }: Operation): Promise<void> {
  await (steps[sort] as (run: Run, told: unknown) => Promise<void> | void)(run, told);
}

const steps: Steps = {
  wait: (run, { ms }) => run.wait(ms),
  jump: (run, { process, ahead }) => {
    run.node(process).ahead = ahead ? HOUR : 0;
  },
  fence: async (run, { process, ...who }) => {
    await run.fence(run.node(process), personOf(run, who));
  },
  signIn: async (run, { process, kind, device, ...who }) => {
    const node = run.node(process);
    await start(run, node, await run.fence(node, personOf(run, who)), kind, device);
  },
  start: async (run, { process, fence: index, kind, device }) => {
    const fence = at(run.fences, index);
    if (fence !== undefined) await start(run, run.node(process, fence.model.realm), fence, kind, device);
  },
  check: async (run, { process, held: index }) => {
    const held = at(run.held, index);
    if (held !== undefined) await run.check(run.node(process, held.session.realm), held);
  },
  list: (run, { process, ...who }) => run.list(run.node(process), personOf(run, who)),
  renew: (run, told) => renew(run, 'renew', told),
  reauthenticate: (run, told) => renew(run, 'reauthenticate', told),
  switchAccount: (run, told) => renew(run, 'switch', told),
  end: async (run, { process, session: index, user }) => {
    const session = at(run.model.sessions, index);
    if (session === undefined) return;
    const node = run.node(process, session.realm);
    const owner = user === null ? session.user : run.user(user);
    const now = run.now(node);
    const ends = owner === session.user && run.model.isEndable(session, now);
    const { ended } = await node.sessions.end(session.id, { user: owner, reason: 'signed-out' });
    run.same('end', String(ended), String(ends));
    if (ends) session.ended = { at: now, reason: 'signed-out' };
  },
  revoke: async (run, { kinds: index, ...told }) => {
    const node = run.node(told.process);
    const scope = scopeOf(run, node, told);
    const kinds = at(NAMED_KINDS, index)!;
    const result = await node.sessions.revoke(toldOf(scope), kinds === null ? {} : { kinds });
    run.same('revoke', wordOf(result), 'revoked');
    run.model.revoke(scope, kinds, null, run.now(node));
  },
  suspend: (run, told) => setSuspended(run, told, true),
  resume: (run, told) => setSuspended(run, told, false),
  keep: (run, told) => revokeByInitiator(run, told, true),
  signOutEverywhere: (run, told) => revokeByInitiator(run, told, false),
  trigger,
  signOut: async (run, { process, held: index }) => {
    const held = at(run.held, index);
    if (held === undefined) return;
    const { session, real, account } = held;
    const node = run.node(process, session.realm);
    const now = run.now(node);
    const everywhere = account === EVERYWHERE;
    // Compared by id, not by secret: another request of the same device may have rotated the secret.
    const there = session.account === account && run.model.over(session, now) === null;
    const ends = everywhere ? there : run.model.isEndable(session, now);
    const result = await node.sessions.signOut(real);
    run.same(everywhere ? 'sign out there' : 'sign out', String(result.ended), String(ends));
    assert.equal(result.everywhere, everywhere && ends);
    if (!ends) return;
    const { realm, user } = session;
    if (everywhere) run.model.revoke({ name: 'member', realm, user, account }, 'all', null, now);
    else session.ended = { at: now, reason: 'signed-out' };
  },
  endIdle: async (run, { unusedFor, ...told }) => {
    const node = run.node(told.process);
    const scope = scopeOf(run, node, told);
    if (scope.name === 'realm') return;
    const expected = run.model.endIdle(scope, unusedFor, run.now(node));
    const { ended } = await node.sessions.endIdle({ ...(toldOf(scope) as { account: string }), unusedFor });
    run.same(expected === 0 ? 'end nothing idle' : 'end idle', String(ended), String(expected));
  },
  forgetUser: async (run, { process, user: index }) => {
    const node = run.node(process);
    const user = run.user(index);
    const expected = run.model.forgetUser(node.realm, user, run.now(node));
    const { sessions } = await node.sessions.forgetUser(user);
    run.same(expected === 0 ? 'forget nobody' : 'forget', String(sessions), String(expected));
  },
  prune: async (run, { process }) => {
    const node = run.node(process);
    const expected = run.model.prune(run.now(node));
    const { sessions } = await node.sessions.prune();
    run.same(expected === 0 ? 'prune nothing' : 'prune', String(sessions), String(expected));
  },
};

async function start(run: Run, node: Node, fence: FenceReal, kindIndex: number, deviceIndex: number): Promise<void> {
  const kind = run.kind(kindIndex);
  const userAgent = at(AGENTS, deviceIndex);
  const deviceId = deviceIndex === 0 ? null : `device ${deviceIndex}`;
  const device = { browser: userAgent ?? null, cookie: deviceId };
  const { realm, user, account } = fence.model;
  const now = run.now(node);
  const refusal = run.model.refusal(fence.model, kind, now);
  const admitted = refusal === null && run.model.admit({ realm, user, account, kind, device }, null, now);

  const who = named({ user, account });
  const result = await node.sessions.start({ ...who, fence: fence.text, kind, userAgent, deviceId });
  run.same('start', result.ok ? 'ok' : result.reason, refusal ?? (admitted ? 'ok' : 'limit'));
  if (!result.ok) return;
  const session = run.model.start({ realm, user, account }, result.session.id, kind, device, now);
  run.hold(run.model.held(session), result.session, result.token);
}

async function renew(
  run: Run,
  sort: 'renew' | 'reauthenticate' | 'switch',
  told: { process: number; held: number; account?: number; fence?: number | null },
): Promise<void> {
  const held = at(run.held, told.held);
  if (held === undefined) return;
  const { session, real } = held;
  const { realm, user, kind, device } = session;
  const node = run.node(told.process, realm);
  const account = sort === 'switch' ? (run.account(told.account ?? 0) ?? 'acme') : held.account;
  const fence = sort === 'renew' ? null : await fenceFor(run, node, { realm, user, account }, told.fence ?? null);
  const now = run.now(node);
  const moves = account !== held.account;

  let expected = fence === null ? null : run.model.refusal(fence.model, kind, now);
  if (expected === null && !run.model.isLive(held, now)) expected = 'not-live';
  const newcomer = { realm, user, account, kind, device };
  if (expected === null && moves && !run.model.admit(newcomer, session, now)) expected = 'limit';

  const result =
    sort === 'reauthenticate'
      ? await node.sessions.reauthenticate(real, { fence: fence!.text })
      : await node.sessions.renew(real, fence === null ? {} : { account: account!, fence: fence.text });
  run.same(sort, result.ok ? 'ok' : result.reason, expected ?? 'ok');
  if (!result.ok) return;
  session.account = account;
  const renewed = sort === 'reauthenticate' ? run.model.reauthenticate(held, now) : run.model.renew(held, now);
  run.hold(renewed, result.session, result.token);
}

/** Returns a fence that was taken for this user earlier, or a new one. */
async function fenceFor(run: Run, node: Node, who: Person, index: number | null): Promise<FenceReal> {
  const known = run.fences.filter(
    ({ model }) => model.realm === who.realm && model.user === who.user && model.account === who.account,
  );
  return (index === null ? undefined : at(known, index)) ?? run.fence(node, who);
}

async function setSuspended(run: Run, told: Told<'suspend'>, suspended: boolean): Promise<void> {
  const node = run.node(told.process);
  const scope = scopeOf(run, node, told);
  const result = await node.sessions[suspended ? 'suspend' : 'resume'](toldOf(scope));
  const nothingToDo = !suspended && !run.model.isSuspended(scope);
  run.same(suspended ? 'suspend' : 'resume', wordOf(result), nothingToDo ? 'not-suspended' : 'revoked');
  if (nothingToDo) return;
  run.model.revoke(scope, 'all', null, run.now(node));
  run.model.suspend(scope, suspended);
}

const TRIGGERS = [
  { name: 'passwordChanged', effect: 'others', kinds: null },
  { name: 'memberRemoved', effect: 'everywhere', kinds: 'all' },
  { name: 'noticed', effect: 'none', kinds: null },
  { name: 'newPhone', effect: 'others', kinds: ['browser'] },
] as const;

async function trigger(run: Run, told: Told<'trigger'>): Promise<void> {
  const held = at(run.held, told.held);
  if (held === undefined) return;
  const { session, real, account } = held;
  const node = run.node(told.process, session.realm);
  const now = run.now(node);
  const { name, effect, kinds } = at(TRIGGERS, told.name)!;
  const member = account !== null && (told.member || name === 'memberRemoved');
  if (name === 'memberRemoved' && !member) return;
  const { realm, user } = session;
  const scope: ModelScope = { name: member ? 'member' : 'user', realm, user, account: member ? account : null };
  const live = run.model.isLive(held, now);
  const kept = effect === 'others' && told.keep && live ? session : null;
  const found = run.model.covered(scope, kinds, now).some((one) => one !== kept);

  const who = named({ user, account: scope.account });
  const result = await node.sessions.trigger(name, { ...who, ...(told.keep ? { keep: real } : {}) });
  assert.equal(result.found, found);
  run.same(`trigger ${effect}`, wordOf(result), effect === 'none' ? 'none' : kept === null ? 'revoked' : 'kept');
  if (!result.revoked) return;
  const notKept = !told.keep || kept !== null ? null : live ? 'everywhere' : 'not-live';
  assert.equal(result.notKept, notKept);
  run.model.revoke(scope, kinds, kept, now);
  if (kept === null) return;
  session.serial++;
  run.hold(run.model.held(session), result.kept!, result.token ?? '');
}

async function revokeByInitiator(run: Run, told: Told<'keep'>, keep: boolean): Promise<void> {
  const held = at(run.held, told.held);
  if (held === undefined) return;
  const { session, real, account } = held;
  const node = run.node(told.process, session.realm);
  const now = run.now(node);
  const member = told.member && account !== null;
  const scope: ModelScope = {
    ...{ name: member ? 'member' : 'user', realm: session.realm },
    ...{ user: session.user, account: member ? account : null },
  };
  const kinds = at(NAMED_KINDS, told.kinds)!;
  const live = run.model.isLive(held, now);
  const initiator = keep ? { keep: real } : { ifLive: real };
  const result = await node.sessions.revoke(toldOf(scope), { ...initiator, ...(kinds === null ? {} : { kinds }) });
  const act = keep ? 'keep' : 'sign out everywhere';
  if (!live) return run.same(act, wordOf(result), 'not-live');
  run.model.revoke(scope, kinds, keep ? session : null, now);
  // With `ifLive`, the initiator is kept if the revocation does not cover its kind. Its secret is then not rotated.
  run.same(act, wordOf(result), session.overtaken.size === 0 ? 'kept' : 'revoked');
  if (result.kept === null) return;
  assert.equal(result.kept.id, session.id);
  assert.equal(result.token !== null, keep);
  if (!keep) return;
  session.serial++;
  run.hold(run.model.held(session), result.kept, result.token ?? '');
}

const wordOf = (result: RevokeResult): string =>
  result.revoked ? (result.kept === null ? 'revoked' : 'kept') : result.reason;

const personOf = (run: Run, { user, account }: { user: number; account: number }): Omit<Person, 'realm'> => ({
  user: run.user(user),
  account: run.account(account),
});

function scopeOf(run: Run, { realm }: Node, told: { scope: number; user: number; account: number }): ModelScope {
  const name = at(SCOPES, told.scope)!;
  return {
    ...{ name, realm },
    user: name === 'user' || name === 'member' ? run.user(told.user) : null,
    account: name === 'account' || name === 'member' ? (run.account(told.account) ?? 'acme') : null,
  };
}

function toldOf({ user, account }: ModelScope): Scope {
  if (user !== null) return named({ user, account });
  return account === null ? { realm: true } : { account };
}

import type { World } from './world.ts';

/** Checks that the log has one entry for each write that took effect. Entries of a forgotten user name no session. */
export async function mayLog(world: World): Promise<void> {
  const { history } = world;
  if (world.store.powers?.audit === undefined) return;
  const realms = new Set(['default', ...[...history.known.values()].map(({ realm }) => realm)]);
  const entries = (await Promise.all([...realms].map((realm) => world.entries(realm)))).flat();
  const of = (type: string): typeof entries => entries.filter((entry) => entry.type === type);
  const wrong = (text: string): void => history.violate('log', text);

  const [started, ended] = [of('session.started'), of('session.ended')];
  if (started.length !== history.known.size) {
    wrong(`${history.known.size} sessions were started, and the log has ${started.length}`);
  }
  for (const type of ['session.renewed', 'sessions.revoked', 'policy.changed'] as const) {
    const [happened, told] = [history.written[type], of(type).length];
    if (told !== happened) wrong(`${type} happened ${happened} times, and the log has ${told}`);
  }
  for (const { id, user } of history.known.values()) {
    const found = history.forgetting.has(user) ? null : world.find(id);
    const count = (among: typeof entries): number => among.filter(({ session }) => session === id).length;
    if (found !== null && count(started) !== 1) wrong(`session ${id} was started ${count(started)} times`);
    if (count(started) > 1 || count(ended) > 1) wrong(`session ${id} has two entries for one thing`);
    if (found !== null && count(ended) !== (found.session.ended === null ? 0 : 1)) {
      wrong(`session ${id} ${found.session.ended === null ? 'has no tombstone' : 'has one'}, unlike the log`);
    }
  }
}

/** Checks that a forgotten user leaves no trace of sign-ins that began before the erasure. */
export async function mayRemember(world: World): Promise<void> {
  const { history } = world;
  for (const { realm, user, step } of history.forgotten) {
    const entries = await world.entries(realm);
    for (const session of history.known.values()) {
      const { id, begunAt } = session;
      if (session.realm !== realm || session.user !== user || begunAt >= step) continue;
      if (world.found(session) !== null) history.violate('remembered', `session ${id} is still there`);
      if (entries.some((entry) => entry.session === id && entry.user === user)) {
        history.violate('remembered', `the log tells of session ${id}`);
      }
    }
  }
}

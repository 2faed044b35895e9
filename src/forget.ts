import { BY_KEYS, type By, NO_CAUSE, parseCause } from './cause.ts';
import { type Core, contend, keepEpoch } from './core.ts';
import { forgetMarks } from './epoch.ts';
import { FENCE_KEEPS } from './fence.ts';
import { parseArguments, parseSwitch } from './input.ts';
import { livingIn } from './living.ts';
import { parseScope, revoke } from './revocation.ts';
import type { Tag } from './token.ts';

/** Options of {@link Sessions.forgetUser}. */
export interface ForgetRequest extends By {
  /** Only tells how many living sessions it would end. */
  readonly dryRun?: boolean | undefined;
}

/** What {@link Sessions.forgetUser} erased. */
export interface ForgetResult {
  /** Sessions that were removed; with `dryRun`, living ones that would be. */
  readonly sessions: number;
  /** Entries of the audit log from which the person was erased. */
  readonly entries: number;
}

const BATCH = 200;

/**
 * Revokes everything of a user, and erases what is known of the person: sessions, marks on the records, and who they were
 * in the audit log. The generations stay, so that no token and no sign-in that is under way comes back.
 */
export async function forgetUser(core: Core, user: unknown, input: unknown): Promise<ForgetResult> {
  const request = parseArguments('forgetUser', input, ['dryRun', ...BY_KEYS]);
  const cause = parseCause(request);
  const target = parseScope(core, { user });
  if (parseSwitch('dryRun', request.dryRun)) {
    let sessions = 0;
    for await (const _ of livingIn(core, target.tag, undefined, core.now())) sessions++;
    return { sessions, entries: 0 };
  }

  await revoke(core, target, { ...cause, kinds: 'all' });
  const sessions = await inBatches(() => core.store.remove(target.tag, BATCH));
  await forgetRecord(core, target.tag);
  // What is noted must be there to be erased.
  await core.suspicion.settled();
  await core.log?.settled();
  const log = core.store.powers?.audit;
  const entries = log === undefined ? 0 : await inBatches(() => log.forget(target.tag, BATCH));
  // What they say of themselves would outlive what is known of them.
  const told = cause.by === user ? { ...NO_CAUSE, reason: cause.reason } : cause;
  core.events.emit('user.forgotten', { ...told, sessions, entries });
  return { sessions, entries };
}

async function inBatches(step: () => number | Promise<number>): Promise<number> {
  for (let total = 0; ; ) {
    const done = await step();
    total += done;
    if (done < BATCH) return total;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Who advanced the record, and why: the generations stay as they are. */
async function forgetRecord(core: Core, tag: Tag): Promise<void> {
  await contend(core, async () => {
    const now = core.now();
    const keepUntil = now + FENCE_KEEPS;
    const current = await keepEpoch(core, tag, now, keepUntil);
    const write = { record: forgetMarks(current.record), ifVersion: current.version, now, keepUntil, audit: [] };
    return (await core.store.advance(tag, write)) === 'conflict' ? 'conflict' : null;
  });
}

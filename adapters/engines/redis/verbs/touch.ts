import type { Touch } from '../../../../src/adapter.ts';
import type { Context } from '../context.ts';
import { Call } from '../scripts/script.ts';
import { TOUCH } from '../scripts/verbs.ts';

export async function touch({ server, keys }: Context, touches: readonly Touch[], now: () => number): Promise<void> {
  const calls = touches.map(({ id, user, at }) =>
    new Call().key(keys.session(user, id), keys.sessions(user)).arg(at, Math.max(at, now())),
  );
  await Promise.all(calls.map((call) => server.run(TOUCH, call)));
}

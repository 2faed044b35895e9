import assert from 'node:assert/strict';
import type { SessionsOptions } from '../../core/options.ts';
import { retell } from '../../lib/call.ts';
import type { Sessions } from '../../sessions.ts';
import type { Bench } from './bench.ts';
import { Interleaver } from './interleaver.ts';
import { tell } from './people.ts';
import { nth } from './records.ts';

export interface Round {
  readonly seed: number;
  readonly order: Interleaver;
  /** Creates a core over each handle in turn, in a realm for this round. */
  open(options?: Partial<SessionsOptions>): Sessions;
}

/** Runs a share of the interleavings. A failure names its round, which is the seed. */
export async function interleave(bench: Bench, share: number, play: (round: Round) => Promise<void>): Promise<void> {
  const handles = [bench.store, await bench.second()];
  for (let seed = 0; seed < Math.ceil(bench.interleavings * share); seed++) {
    const order = new Interleaver(seed);
    let opened = 0;
    const open = (options: Partial<SessionsOptions> = {}): Sessions =>
      bench.sessions({ realm: `realm ${seed}`, ...options, store: order.over(nth(handles, opened++ % 2)) });
    try {
      await play({ seed, order, open });
    } catch (error) {
      if (error instanceof Error) retell(error, `in interleaving ${seed}: ${error.message}`);
      throw error;
    }
  }
}

export const tokenOf = (result: { readonly ok: boolean; readonly token?: string }): string | null =>
  result.token ?? null;

export async function refuses(sessions: Sessions, ...tokens: readonly (string | null)[]): Promise<void> {
  for (const token of tokens) {
    if (token !== null) assert.notEqual(await tell(sessions, token), 'live', 'the token is worth nothing');
  }
}

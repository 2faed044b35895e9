import type { Finding } from '../../../src/adapter.ts';

export const ok = (subject: string, found: string): Finding => ({ subject, level: 'ok', found, advice: null });

export const warning = (subject: string, found: string, advice: string | null): Finding => ({
  ...{ subject, level: 'warning', found, advice },
});

export const problem = (subject: string, found: string, advice: string): Finding => ({
  ...{ subject, level: 'problem', found, advice },
});

/** Maximum clock difference, in ms. Beyond it, listed and logged times look wrong, and lifetimes differ. */
const MAX_APART = 5_000;

/** `apart` is by how much the server's clock is ahead of this process, in ms. */
export function clockFinding(apart: number): Finding {
  const found = `the server's clock is ${Math.abs(Math.round(apart))} ms ${apart < 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(apart) <= MAX_APART) return ok('clock', found);
  return warning('clock', found, 'set the clocks by NTP: lifetimes count from the clock of the process');
}

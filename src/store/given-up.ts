import type { SessionRef } from '../model/session.ts';

const GIVEN_UP = new WeakSet<readonly SessionRef[]>();

/** Notes that the caller of a look-up was told that it timed out, so the look-up need not be sent. */
export const giveUp = (refs: readonly SessionRef[]): void => void GIVEN_UP.add(refs);

export const isGivenUp = (refs: readonly SessionRef[]): boolean => GIVEN_UP.has(refs);

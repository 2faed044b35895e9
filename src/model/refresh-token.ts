import { hashOf, newSecret, refIn, type TokenRef } from './token.ts';

/** One secret proves the lineage of a token. The other proves that it is the latest token of its lineage. */
export interface RefreshSecrets {
  /** The same for all tokens of a lineage. A client that knows it once had a token of the lineage. */
  readonly family: string;
  readonly rotating: string;
}

export interface RefreshHashes {
  readonly family: string;
  readonly rotating: string;
  /** The previous hash, and when it was replaced, Unix ms. */
  readonly previous: { readonly rotating: string; readonly at: number } | null;
  /** The {@link lineageMark}s of this session's former lineages, the latest first. */
  readonly former: readonly string[];
}

/** The maximum number of former lineages. With more, a credential would exceed the 255 bytes that a store keeps. */
const MAX_FORMER = 6;
// 96 of the hash's 256 bits are enough: finding a match for them is infeasible.
const MARK_LENGTH = 16;

const SECRET_LENGTH = 43;
// rt1.<user's tag>.<account's tag, or nothing>.<id>.<family secret>.<rotating secret>
const TOKEN = /^rt1\.[\w-]{22}\.(?:[\w-]{22})?\.[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/;
const MAX_TOKEN = 'rt1.'.length + 3 * 23 + 2 * SECRET_LENGTH + 1;
const CREDENTIAL = /^([\w-]{43})\.([\w-]{43})(?:\.([\w-]{43})\.([\da-z]{1,11}))?((?:~[\w-]{16}){0,6})$/;

export const hashFamily = (secret: string): string => hashOf('refresh family', secret);
export const hashRotating = (secret: string): string => hashOf('refresh rotating', secret);

export const newLineage = (): RefreshSecrets => ({ family: newSecret(), rotating: newSecret() });

export const lineageMark = (family: string): string => family.slice(0, MARK_LENGTH);

/** Returns the hashes of a lineage. `before` is the previous lineage of the session, which ended at `at` (Unix ms). */
export function hashesOf(
  { family, rotating }: RefreshSecrets,
  before: { readonly hashes: RefreshHashes; readonly at: number } | null = null,
): RefreshHashes {
  const own = { family: hashFamily(family), rotating: hashRotating(rotating) };
  if (before === null) return { ...own, previous: null, former: [] };
  const { hashes, at } = before;
  return {
    ...own,
    previous: { rotating: hashes.rotating, at },
    former: [lineageMark(hashes.family), ...hashes.former].slice(0, MAX_FORMER),
  };
}

export function formatRefreshCredential({ family, rotating, previous, former }: RefreshHashes): string {
  const one = previous === null ? '' : `.${previous.rotating}.${previous.at.toString(36)}`;
  return `${family}.${rotating}${one}${former.map((mark) => `~${mark}`).join('')}`;
}

/** Parses the credential of a refresh token. Returns `null` for the credential of an opaque token. */
export function parseRefreshCredential(credential: string): RefreshHashes | null {
  const [, family, rotating, before, at, marks = ''] = CREDENTIAL.exec(credential) ?? [];
  if (family === undefined || rotating === undefined) return null;
  const previous = before === undefined || at === undefined ? null : { rotating: before, at: Number.parseInt(at, 36) };
  return { family, rotating, previous, former: marks.split('~').slice(1) };
}

export function formatRefreshToken({ id, user, account }: TokenRef, { family, rotating }: RefreshSecrets): string {
  return `rt1.${user}.${account ?? ''}.${id}.${family}.${rotating}`;
}

/** Parses a refresh token. Returns `null` if it is malformed. The size is tested first, so a huge value costs nothing. */
export function parseRefreshToken(token: unknown): { readonly ref: TokenRef; readonly secrets: RefreshSecrets } | null {
  if (typeof token !== 'string' || token.length > MAX_TOKEN || !TOKEN.test(token)) return null;
  const rotatingAt = token.length - SECRET_LENGTH;
  const familyAt = rotatingAt - 1 - SECRET_LENGTH;
  const secrets = { family: token.slice(familyAt, rotatingAt - 1), rotating: token.slice(rotatingAt) };
  return { ref: refIn(token, familyAt), secrets };
}

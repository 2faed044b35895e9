import { hashOf, newSecret, refIn, type TokenRef } from './token.ts';

/** What a refresh token proves: which lineage it is of, and that it is the latest of it. */
export interface RefreshSecrets {
  /** The same for all tokens of a lineage: who has it once had a token of it. */
  readonly family: string;
  /** Another one after each use. */
  readonly rotating: string;
}

/** What a session keeps of its refresh tokens, as hashes. */
export interface RefreshHashes {
  readonly family: string;
  readonly rotating: string;
  /** The one before, and when it was replaced, Unix ms. */
  readonly previous: { readonly rotating: string; readonly at: number } | null;
  /** The lineages that this session had before, the last one first: what {@link lineageMark} makes of them. */
  readonly former: readonly string[];
}

/** How many former lineages are known. With more, what is stored would be too long for a store. */
const MOST_FORMER = 6;
// Of a hash of 256 random bits, 96 are more than anybody can find a match for.
const MARK_LENGTH = 16;

const SECRET_LENGTH = 43;
// rt1.<user's tag>.<account's tag, or nothing>.<id>.<family secret>.<rotating secret>
const TOKEN = /^rt1\.[\w-]{22}\.(?:[\w-]{22})?\.[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/;
const LONGEST_TOKEN = 'rt1.'.length + 3 * 23 + 2 * SECRET_LENGTH + 1;
const HASH = /^([\w-]{43})\.([\w-]{43})(?:\.([\w-]{43})\.([\da-z]{1,11}))?((?:~[\w-]{16}){0,6})$/;

export const hashFamily = (secret: string): string => hashOf('refresh family', secret);
export const hashRotating = (secret: string): string => hashOf('refresh rotating', secret);

/** The secrets that a lineage begins with. */
export const newLineage = (): RefreshSecrets => ({ family: newSecret(), rotating: newSecret() });

/** By what a lineage is known that is a former one, from the hash of its family. */
export const lineageMark = (family: string): string => family.slice(0, MARK_LENGTH);

/** What is stored of the first token of a lineage, and of the lineages before it, the last of which ended at `at` (Unix ms). */
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
    former: [lineageMark(hashes.family), ...hashes.former].slice(0, MOST_FORMER),
  };
}

/** As it stands in the record of a session, in the place of an opaque secret's hash. */
export function formatRefreshHash({ family, rotating, previous, former }: RefreshHashes): string {
  const one = previous === null ? '' : `.${previous.rotating}.${previous.at.toString(36)}`;
  return `${family}.${rotating}${one}${former.map((mark) => `~${mark}`).join('')}`;
}

/** Whether a session's credential is a refresh token: an opaque secret's hash is shorter. */
export const isRefreshHash = (text: string): boolean => text.length > SECRET_LENGTH;

/** `null` for the hash of an opaque secret. */
export function parseRefreshHash(text: string): RefreshHashes | null {
  const [, family, rotating, before, at, marks = ''] = HASH.exec(text) ?? [];
  if (family === undefined || rotating === undefined) return null;
  const previous = before === undefined || at === undefined ? null : { rotating: before, at: Number.parseInt(at, 36) };
  return { family, rotating, previous, former: marks.split('~').slice(1) };
}

/** The refresh token that a client holds. */
export function formatRefreshToken({ id, user, account }: TokenRef, { family, rotating }: RefreshSecrets): string {
  return `rt1.${user}.${account ?? ''}.${id}.${family}.${rotating}`;
}

/** Takes a refresh token apart; `null` for whatever is not one of ours. Size first, so that a huge one costs nothing. */
export function parseRefreshToken(token: unknown): { readonly ref: TokenRef; readonly secrets: RefreshSecrets } | null {
  if (typeof token !== 'string' || token.length > LONGEST_TOKEN || !TOKEN.test(token)) return null;
  const rotatingAt = token.length - SECRET_LENGTH;
  const familyAt = rotatingAt - 1 - SECRET_LENGTH;
  const secrets = { family: token.slice(familyAt, rotatingAt - 1), rotating: token.slice(rotatingAt) };
  return { ref: refIn(token, familyAt), secrets };
}

import type { Awaitable } from '../../../src/adapter.ts';
import { kindOf, ofApp } from '../../../src/adapter.ts';
import type { SimpleSubject, Subject } from './subject.ts';

/** The user, or the user in one account, that a subject is. */
export interface FoundUser {
  /** The app's id of the user. */
  readonly user: string;
  /** Covers the user in this account only. Default: everywhere. */
  readonly account?: string;
}

/** The app's function that finds the user of a subject. `null` means that there is none. */
export type FindUser = (subject: SimpleSubject) => Awaitable<FoundUser | string | null>;

/** Finds the user of a subject. All names of a subject must be of one user; `null` if they are not, or if there is none (RFC 9493, 3.2.8). */
export async function userOf(find: FindUser, subject: Subject): Promise<FoundUser | null> {
  const names = subject.format === 'aliases' ? subject.identifiers : [subject];
  let user: FoundUser | null = null;
  for (const name of names) {
    const found = asUser(await ofApp(() => find(name)));
    if (found === null || (user !== null && (found.user !== user.user || found.account !== user.account))) return null;
    user = found;
  }
  return user;
}

function asUser(found: unknown): FoundUser | null {
  if (found === null || found === undefined) return null;
  if (typeof found === 'string') return { user: found };
  if (typeof found === 'object' && typeof (found as FoundUser).user === 'string') {
    const { user, account } = found as FoundUser;
    return account === undefined ? { user } : { user, account };
  }
  throw new TypeError(`user must give the id of a user, { user, account } or null, not ${kindOf(found)}`);
}

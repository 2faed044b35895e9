import { parseText } from '../lib/input.ts';
import { accountTag, type Tag, userTag } from './token.ts';

export interface Identity {
  readonly user: string;
  readonly account: string | null;
  readonly tags: { readonly user: Tag; readonly account: Tag | null };
}

export function identify(realm: string, user: unknown, account: unknown): Identity {
  const userName = parseText('user', user);
  const accountName = account === undefined || account === null ? null : parseText('account', account);
  return {
    user: userName,
    account: accountName,
    tags: {
      user: userTag(realm, userName),
      account: accountName === null ? null : accountTag(realm, accountName),
    },
  };
}

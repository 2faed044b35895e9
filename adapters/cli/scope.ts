import type { Command } from 'commander';
import type { Scope } from '../../src/index.ts';
import { Refusal } from './failure.ts';

/** Whom a command is about. */
export interface ScopeOptions {
  readonly user?: string;
  readonly account?: string;
  readonly everyone: boolean;
}

/** A scope, and how it is called. */
export interface NamedTarget {
  readonly scope: Scope;
  /** `'user ann'`, `'account acme'`, `'the realm default'`. */
  readonly name: string;
  /** What has to be typed before more than one person's sessions end; `null` where it is one person. */
  readonly typed: { readonly what: 'account' | 'realm'; readonly name: string } | null;
}

export function addScopeOptions(command: Command): Command {
  return command
    .option('--user <id>', 'a user; with --account, only within that account')
    .option('--account <id>', 'an account: all its users')
    .option('--everyone', 'everybody in the realm', false);
}

/** @throws {@link Refusal} where nobody is named, or everybody and somebody. */
export function targetOf({ user, account, everyone }: ScopeOptions, realm: string): NamedTarget {
  if (everyone) {
    if (user !== undefined || account !== undefined) {
      throw new Refusal('--everyone does not go with --user or --account: it is about the whole realm');
    }
    return { scope: { realm: true }, name: `the realm ${realm}`, typed: { what: 'realm', name: realm } };
  }
  if (user !== undefined && account !== undefined) {
    return { scope: { user, account }, name: `user ${user} in account ${account}`, typed: null };
  }
  if (user !== undefined) return { scope: { user }, name: `user ${user}`, typed: null };
  if (account === undefined) throw new Refusal('whose sessions? Give --user, --account, both, or --everyone');
  return { scope: { account }, name: `account ${account}`, typed: { what: 'account', name: account } };
}

import type { Command } from 'commander';
import type { Scope } from '../../src/index.ts';
import { Refusal } from './errors.ts';

export interface ScopeOptions {
  readonly user?: string;
  readonly account?: string;
  /** Missing in commands that cannot cover the whole realm. */
  readonly everyone?: boolean;
}

export interface NamedTarget {
  readonly scope: Scope;
  /** Name of the target in sentences, such as `'user ann of the realm default'`. */
  readonly name: string;
  /** The user must type this text before sessions of several users end; `null` for one user. */
  readonly typed: TypedName | null;
}

export interface TypedName {
  readonly what: 'user' | 'account' | 'realm';
  readonly name: string;
}

export function addScopeOptions(command: Command): Command {
  return command
    .option('--user <id>', 'a user; with --account, only within that account')
    .option('--account <id>', 'an account: all its users')
    .option('--everyone', 'all users of the realm', false);
}

export function targetOf({ user, account, everyone }: ScopeOptions, realm: string): NamedTarget {
  if (everyone === true) {
    if (user !== undefined || account !== undefined) {
      throw new Refusal('--everyone does not go with --user or --account: it covers the whole realm');
    }
    return { scope: { realm: true }, name: `the realm ${realm}`, typed: { what: 'realm', name: realm } };
  }
  if (user !== undefined && account !== undefined) {
    return { scope: { user, account }, name: `user ${user} in account ${account} of the realm ${realm}`, typed: null };
  }
  if (user !== undefined) return { scope: { user }, name: `user ${user} of the realm ${realm}`, typed: null };
  if (account === undefined) {
    const others = everyone === undefined ? '--user, --account, or both' : '--user, --account, both, or --everyone';
    throw new Refusal(`the users are missing: give ${others}`);
  }
  const name = `account ${account} of the realm ${realm}`;
  return { scope: { account }, name, typed: { what: 'account', name: account } };
}

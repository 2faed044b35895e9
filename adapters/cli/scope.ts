import type { Command } from 'commander';
import type { Scope } from '../../src/index.ts';
import { Refusal } from './errors.ts';

export interface ScopeOptions {
  readonly user?: string;
  readonly account?: string;
  /** Missing in commands that cannot concern the whole realm. */
  readonly everyone?: boolean;
}

export interface NamedTarget {
  readonly scope: Scope;
  /** `'user ann of the realm default'`, `'account acme of the realm default'`, `'the realm default'`. */
  readonly name: string;
  /** The text to type before sessions of several users end; `null` for one user. */
  readonly typed: TypedName | null;
}

/** A name that the user must type to confirm. */
export interface TypedName {
  readonly what: 'user' | 'account' | 'realm';
  readonly name: string;
}

export function addScopeOptions(command: Command): Command {
  return command
    .option('--user <id>', 'a user; with --account, only within that account')
    .option('--account <id>', 'an account: all its users')
    .option('--everyone', 'everybody in the realm', false);
}

/** @throws {@link Refusal} without a target, or with `--everyone` and another target. */
export function targetOf({ user, account, everyone }: ScopeOptions, realm: string): NamedTarget {
  if (everyone === true) {
    if (user !== undefined || account !== undefined) {
      throw new Refusal('--everyone does not go with --user or --account: it is about the whole realm');
    }
    return { scope: { realm: true }, name: `the realm ${realm}`, typed: { what: 'realm', name: realm } };
  }
  if (user !== undefined && account !== undefined) {
    return { scope: { user, account }, name: `user ${user} in account ${account} of the realm ${realm}`, typed: null };
  }
  if (user !== undefined) return { scope: { user }, name: `user ${user} of the realm ${realm}`, typed: null };
  if (account === undefined) {
    const others = everyone === undefined ? '--user, --account, or both' : '--user, --account, both, or --everyone';
    throw new Refusal(`it is not said whose sessions: give ${others}`);
  }
  const name = `account ${account} of the realm ${realm}`;
  return { scope: { account }, name, typed: { what: 'account', name: account } };
}

import { retell } from '../../lib/call.ts';
import type { SessionStore } from '../../store/store.ts';

/** The first part of a case's id. */
export type Concern =
  | 'lifecycle'
  | 'listing'
  | 'renewal'
  | 'expiry'
  | 'epochs'
  | 'text'
  | 'revocation'
  | 'fences'
  | 'isolation'
  | 'users'
  | 'administration'
  | 'limits'
  | 'races'
  | 'memberships'
  | 'loss'
  | 'pruning'
  | 'secrets'
  | 'failure'
  | 'audit'
  | 'outbox'
  | 'policies'
  | 'transactions'
  | 'diagnosis'
  | 'changes';

const WHY: Readonly<Record<Concern, readonly [why: string, look: string]>> = {
  lifecycle: [
    'A session that is not kept as it was written lives too long or ends too soon',
    'what each verb writes, and its condition',
  ],
  listing: [
    'A user must see every living session, or cannot end it',
    'the order, the filters and where a page goes on',
  ],
  renewal: [
    'The secret before a renewal must be worth nothing',
    'the comparison of the credential, and what renew leaves alone',
  ],
  expiry: ['A session must end at its time, even while a client uses it', 'which times touch and renew write'],
  epochs: [
    'A revocation is one write to a record: with a wrong record it is lost',
    'the compare-and-set, the versions and how long records are kept',
  ],
  text: ['Text that changes makes one user of two', 'collations, trimming, encodings and lengths of columns'],
  revocation: ['What was revoked must never be accepted again', 'advance, and which records find answers with'],
  fences: [
    'A sign-in under way must not outlive a revocation',
    'whether readEpochs and ensureEpochs answer with the latest record',
  ],
  isolation: [
    'What is done to one user must not touch another',
    'keys and conditions: all of realm, user and account count',
  ],
  users: ['Who is not found by a sweep is not signed out by it', 'listUsers and deleteSessions, page by page'],
  administration: [
    'An administrator must be able to rely on what is answered',
    'listUsers, list, advance and deleteSessions together',
  ],
  limits: [
    'Two sign-ins at once must not pass a limit',
    'the version that add compares with, and which sessions it ends in the same step',
  ],
  races: ['Two processes ask at once in production', 'whether looking and writing are one step in the engine'],
  memberships: [
    'The record of a membership judges one user within one account: where it is wrong, a user who was removed stays',
    'the key that is made of the tags of user and account, and that its write moves the version of the user',
  ],
  loss: [
    'A record that was lost must refuse, since what it revoked is unknown',
    'what find and readEpochs answer where a record is missing',
  ],
  pruning: [
    'A record that is pruned too early brings revoked sessions back',
    'the times that prune compares, and its limit',
  ],
  secrets: ['A store that is read by a thief must give no session away', 'what is written: hashes, and never a token'],
  failure: [
    'An outage must neither sign a user out nor pass for success',
    'which errors the store swallows, and what it answers instead',
  ],
  audit: [
    'An entry must be there exactly where its write is',
    'whether both are one step in the engine, and the filters of read',
  ],
  outbox: [
    'A message that is lost leaves other systems signed in',
    'whether the message is written with its entry, and the comparison with the state that was read',
  ],
  policies: ['A policy decides what a sign-out ends', 'the comparison with the value that was read'],
  transactions: [
    'What is revoked in a transaction must hold with it, or not at all',
    'which connection within asks over',
  ],
  diagnosis: ['An operator relies on it to learn that sessions are at risk', 'what diagnose answers'],
  changes: [
    'A process answers checks from memory, and must learn of every change',
    'whether each change is recorded in its own step, and whether since returns all that was committed',
  ],
};

const MAX_TOLD = 4;

export function tell(
  error: unknown,
  { id, concern, title }: { readonly id: string; readonly concern: Concern; readonly title: string },
  asked: readonly string[],
): void {
  if (!(error instanceof Error)) return;
  const [why, look] = WHY[concern];
  const verbs = asked.slice(-MAX_TOLD).join(', ') || 'nothing';
  const promise = `${id}: the store ${title}. It does not: ${error.message}`;
  retell(error, `${promise}\nWhy it matters: ${why}.\nAsked last: ${verbs}.\nLook at: ${look}.`);
}

export function noting<Asked extends object>(asked: string[], object: Asked, prefix = ''): Asked {
  return new Proxy(object, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof key === 'symbol') return value;
      if (typeof value === 'object' && value !== null) {
        return noting(asked, value, key === 'powers' ? prefix : `${prefix}${key}.`);
      }
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        asked.push(prefix + key);
        const answer: unknown = value.apply(target, given);
        return key === 'within' ? noting(asked, answer as SessionStore, 'within ') : answer;
      };
    },
  });
}

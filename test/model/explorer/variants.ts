import { realmTag } from 'session-revocation/adapter';
import type { ReferenceStore } from '../reference-store.ts';
import * as broken from './broken-stores.ts';
import type { Scenario } from './explore.ts';
import type { ViolationKind } from './history.ts';
import * as careless from './scenarios/careless.ts';
import * as verbs from './split-verbs.ts';
import type { WorldOptions } from './world.ts';

/** A rule, the world or scenario without it, and the violation that then appears. With the rule there is none. */
export interface Variant {
  readonly rule: string;
  readonly scenario: string;
  readonly without: WorldOptions | Scenario;
  readonly violation: ViolationKind;
}

const on = (store: () => ReferenceStore): WorldOptions => ({ store });

const EPOCHS: readonly Variant[] = [
  {
    rule: 'a kind that nobody listed is of the base generation, and covered by its advance',
    scenario: 'revoke user × check of a kind that nobody listed × sign-in of it',
    without: on(() => new broken.ClosedKinds()),
    violation: 'survivor',
  },
  {
    rule: 'an advance that names no kinds lists the surviving ones at their present generation',
    scenario: 'revocations of ann × sign-ins of others',
    without: on(() => new broken.ForgottenSurvivors()),
    violation: 'unexplained death',
  },
  {
    rule: 'who is kept stands in the record, not in the session',
    scenario: 'keep A × revoke user × end A',
    without: on(() => new broken.KeepInSession()),
    violation: 'survivor',
  },
  {
    rule: 'an advance drops whom earlier ones kept',
    scenario: 'keep A × revoke user × end A',
    without: on(() => new broken.LastingKeeps()),
    violation: 'survivor',
  },
  {
    rule: 'only a session that is live under the record is kept',
    scenario: 'two keeps at once × sign-in',
    without: careless.keepingWhoever,
    violation: 'resurrection',
  },
  {
    rule: 'the secret of the kept session is rotated in the same step',
    scenario: 'revoke others keeping A × renew A × check A',
    without: { split: verbs.lateRotation },
    violation: 'old secret',
  },
  {
    rule: 'a record is replaced only if it is the one that was read',
    scenario: 'two keeps at once × sign-in',
    without: on(() => new broken.BlindAdvance()),
    violation: 'resurrection',
  },
];

const SIGN_INS: readonly Variant[] = [
  {
    rule: 'the fence is read before the credentials are verified',
    scenario: 'reset of a password × sign-in with the old one × with the new one',
    without: careless.fenceAfterPassword,
    violation: 'old password',
  },
  {
    rule: 'the new password is visible before the advance',
    scenario: 'reset of a password × sign-in with the old one × with the new one',
    without: careless.passwordAfterAdvance,
    violation: 'old password',
  },
  {
    rule: 'a fence makes the records it needs, and so does an advance',
    scenario: 'sign-in × revoke user',
    without: on(() => new broken.LazyRecords()),
    violation: 'survivor',
  },
  {
    rule: 'an advance makes the record it needs',
    scenario: 'sign-in × suspend, resume',
    without: on(() => new broken.LazyAdvance()),
    violation: 'suspended',
  },
  {
    rule: 'to resume is to advance',
    scenario: 'sign-in × suspend, resume',
    without: on(() => new broken.QuietResume()),
    violation: 'survivor',
  },
  {
    rule: 'a session is added only if the user is as it was read: the fence is exact',
    scenario: 'sign-in × revoke user',
    without: on(() => new broken.BlindAdd()),
    violation: 'born dead',
  },
  {
    rule: 'a session is added only if the user is as it was read: limits hold',
    scenario: 'three sign-ins, one may be (refuse)',
    without: on(() => new broken.BlindAdd()),
    violation: 'limit',
  },
];

const CONDITIONS: readonly Variant[] = [
  {
    rule: 'a request of somebody who is over does nothing',
    scenario: 'sign out everywhere by A × revoke user, sign in anew',
    without: careless.signOutByTheDead,
    violation: 'dead initiator',
  },
  {
    rule: 'a renewal leaves the stamp of the user',
    scenario: 'renew A × revoke user × check A',
    without: on(() => new broken.RestampUser()),
    violation: 'resurrection',
  },
  {
    rule: 'a renewal leaves the stamp of the realm',
    scenario: 'renew A × revoke realm × revoke account',
    without: on(() => new broken.RestampRealm(realmTag('default'))),
    violation: 'resurrection',
  },
  {
    rule: 'a renewal leaves the absolute lifetime',
    scenario: 'the end of an idle lifetime × check A × renew A × prune',
    without: on(() => new broken.RollingExpiry()),
    violation: 'absolute moved',
  },
  {
    rule: 'a use is noted in a session that is there, and changes nothing else of it',
    scenario: 'end A × check A × check A',
    without: { split: verbs.copyingTouch },
    violation: 'resurrection',
  },
  {
    rule: 'a renewal changes a session that is there and not ended, under the secret that was judged',
    scenario: 'end A × renew A × reauthenticate A',
    without: on(() => new broken.UpsertingRenew()),
    violation: 'resurrection',
  },
  {
    rule: 'the account that a session left is looked at before its new token is given out',
    scenario: 'switch × revoke the old account',
    without: { split: verbs.oldLookAtLeftAccount },
    violation: 'resurrection',
  },
];

const LOSS: readonly Variant[] = [
  {
    rule: 'a record that is made anew has another incarnation',
    scenario: 'loss of the record of the user × sign-in × check A',
    without: on(() => new broken.SameIncarnation()),
    violation: 'resurrection',
  },
  {
    rule: 'a record that is made anew has another version',
    scenario: 'loss of the record of the member × keep A × sign-in',
    without: on(() => new broken.SameVersions()),
    violation: 'resurrection',
  },
  {
    rule: 'a suspension is kept for ever, whoever is listed',
    scenario: 'suspended long ago × prune × sign-in',
    without: on(() => new broken.PruneUnlisted()),
    violation: 'suspended',
  },
  {
    rule: 'a record is pruned by what it was asked to be kept for, not by the sessions that are listed',
    scenario: 'sign-in that takes hours × prune, an hour ahead × prune',
    without: on(() => new broken.PruneUnlisted()),
    violation: 'needless refusal',
  },
  {
    rule: 'a session that is added has its record kept in the same step',
    scenario: 'sign-in × a day, prune × revoke user',
    without: { split: verbs.lateKeepUntil },
    violation: 'unexplained death',
  },
];

const LOG: readonly Variant[] = [
  {
    rule: 'an entry is written only if what it tells of is done',
    scenario: 'two keeps at once × sign-in',
    without: { split: verbs.loggingFirst },
    violation: 'log',
  },
  {
    rule: 'an entry is written in the step of what it tells of, also where a process crashes',
    scenario: 'sign-in × revoke user',
    without: { split: verbs.loggingLast, crashes: 1 },
    violation: 'log',
  },
  {
    rule: 'whoever is forgotten is revoked first',
    scenario: 'forget ann × sign-in × sign-in that had begun',
    without: careless.removingOnly,
    violation: 'remembered',
  },
];

/** The rules that the design marks with ⚠, and some related ones. */
export const variants: readonly Variant[] = [...EPOCHS, ...SIGN_INS, ...CONDITIONS, ...LOSS, ...LOG];

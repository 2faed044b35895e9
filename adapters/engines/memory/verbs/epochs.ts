import type { EpochRequest, Tag, VersionedEpoch } from '../../../../src/adapter.ts';
import type { Contents } from '../contents.ts';
import { ownCopyOf } from '../own-copy.ts';
import { hasRecord } from '../rows/epoch-entries.ts';

export function readEpochs({ scopes }: Contents, tags: readonly Tag[]): readonly (VersionedEpoch | null)[] {
  return tags.map((tag) => {
    const scope = scopes.get(tag);
    return hasRecord(scope) ? { record: scope.record, version: scope.version } : null;
  });
}

export function ensureEpochs({ scopes }: Contents, requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
  return requests.map(({ tag, create, version, keepUntil }) => {
    const scope = scopes.obtain(tag);
    if (scope.record === null) {
      scope.record = ownCopyOf(create);
      scope.version = version;
      scope.keepUntil = Number.NEGATIVE_INFINITY;
    }
    scope.raise(keepUntil);
    return { record: scope.record, version: scope.version };
  });
}

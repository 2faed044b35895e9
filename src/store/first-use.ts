import type { Tag } from '../model/token.ts';
import { ensuring, malformed } from './ensure-epochs.ts';
import type { SessionStore } from './store.ts';

/**
 * Notes that a text with this tag was used, such as the `jti` of a JWT that is valid once. Returns `true` for the first call, in any
 * process. The store keeps the note until `keepUntil` (Unix ms). If the store's answer is lost, the next call returns `false`.
 */
export async function isFirstUse(
  { store }: { readonly store: SessionStore },
  tag: Tag,
  now: number,
  keepUntil: number,
): Promise<boolean> {
  // The `exp` of a JWT may be a fraction (RFC 7519, 2), and a store keeps whole ms.
  const request = ensuring(tag, now, Math.ceil(keepUntil));
  const [noted] = await store.ensureEpochs([request], now);
  if (!noted) throw malformed('ensureEpochs');
  // The version is random, so only the call that created the record finds its own.
  return noted.version === request.version;
}

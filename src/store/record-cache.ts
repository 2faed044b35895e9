import { DecodeCache } from '../lib/decode-cache.ts';
import { Lru } from '../lib/lru.ts';
import type { EpochRecord } from '../model/epoch.ts';
import type { Grant } from '../model/grant.ts';
import type { Tag } from '../model/token.ts';
import { parseEpoch, parseGrant } from './codec.ts';
import { SessionCache } from './session-cache.ts';

const MAX_SESSIONS = 8192;

/**
 * Decodes the texts of a store's records, and caches the values. The texts must come from the engine at each read, so the cache
 * never makes an answer old.
 *
 * Each store creates one. Without one, a store decodes with {@link parseEpoch} and {@link parseGrant}.
 */
export class RecordCache {
  readonly #epochs = new DecodeCache<EpochRecord>(4096, 2048);
  readonly #grants = new DecodeCache<Grant>(512, 512);
  readonly #values = new DecodeCache<unknown>(2048, 128);
  readonly #sessions = new Lru<SessionCache>(MAX_SESSIONS);

  /** Like {@link parseEpoch}, and the record is frozen. Passing the record's tag makes the cache slightly faster. */
  epoch(text: string, tag?: Tag): EpochRecord {
    return this.#epochs.get(text, tag) ?? this.#epochs.put(text, parseEpoch(text), tag);
  }

  /** Like {@link parseGrant}, and the grant is frozen. */
  grant(text: string): Grant {
    return this.#grants.get(text) ?? this.#grants.put(text, parseGrant(text));
  }

  /** Returns the frozen value of a JSON text. A short text is nearly always one of a few, such as `[]`, `{}` and `["pwd","otp"]`. */
  json(text: string): unknown {
    return this.#values.get(text) ?? this.#values.put(text, JSON.parse(text));
  }

  /** Returns the cache of an existing session. With made-up ids, a client could push other entries out. */
  session(id: string): SessionCache {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const last = new SessionCache();
    this.#sessions.set(id, last);
    return last;
  }
}

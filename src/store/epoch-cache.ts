import { DecodeCache } from '../lib/decode-cache.ts';
import type { EpochRecord } from '../model/epoch.ts';
import type { Tag } from '../model/token.ts';
import { parseEpoch } from './codec.ts';

const MAX_RECORDS = 4096;
/** In UTF-16 code units. Longer texts are not worth their memory. */
const MAX_LENGTH = 2048;

/**
 * Decodes the epoch records that many sessions share, those of realms and accounts, and caches the values. A store creates one, and
 * decodes every other record with {@link parseEpoch}: with as many records as users, a cache costs more than it saves.
 *
 * The caller reads the text from the engine each time. The cache saves only the decoding, so it never makes a read stale.
 */
export class EpochCache {
  readonly #records = new DecodeCache<EpochRecord>(MAX_RECORDS, MAX_LENGTH);

  /**
   * Like {@link parseEpoch}, and the record is frozen.
   * @param text the record, as the engine has just returned it.
   * @param tag the tag of the record, by which its decoded value is cached.
   */
  get(text: string, tag: Tag): EpochRecord {
    return this.#records.get(text, tag) ?? this.#records.put(text, parseEpoch(text), tag);
  }
}

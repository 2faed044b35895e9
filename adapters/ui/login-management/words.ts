import { fillText } from './fill.ts';
import type { End, ListedDevice, ListedSession } from './listed-session.ts';
import type { Texts } from './texts.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Words for times, devices and ends, in one language. */
export class Words {
  readonly texts: Texts;
  readonly locale: string;
  readonly #relative: Intl.RelativeTimeFormat;
  // Never "last month", which may be none.
  readonly #counting: Intl.RelativeTimeFormat;
  readonly #absolute: Intl.DateTimeFormat;

  constructor(texts: Texts, locale: string) {
    this.texts = texts;
    this.locale = locale;
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
    this.#counting = new Intl.RelativeTimeFormat(locale);
    this.#absolute = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
  }

  /** Such as `3 hours ago`. A time to come, of a clock that is ahead, is now. */
  ago(at: number, now: number): string {
    const age = now - at;
    if (age < MINUTE_MS) return this.texts.justNow;
    if (age < HOUR_MS) return this.#relative.format(-Math.floor(age / MINUTE_MS), 'minute');
    if (age < DAY_MS) return this.#relative.format(-Math.floor(age / HOUR_MS), 'hour');
    // "Yesterday" is a day of the calendar, not 47 hours.
    const days = Math.round((midnight(now) - midnight(at)) / DAY_MS);
    if (days < 30) return this.#relative.format(-days, 'day');
    if (days < 365) return this.#counting.format(-Math.floor(days / 30.44) || -1, 'month');
    return this.#counting.format(-Math.floor(days / 365.25) || -1, 'year');
  }

  date(at: number): string {
    return this.#absolute.format(at);
  }

  device({ label, browser, os }: ListedDevice): string {
    if (label === 'Unknown device') return this.texts.unknownDevice;
    // The server words it in English.
    if (browser === null || os === null || label !== `${browser} on ${os}`) return label;
    return fillText(this.texts.device, { browser, os });
  }

  /** What people know a session by: an app by its name, anything else by its device. */
  session({ client, device }: Pick<ListedSession, 'client' | 'device'>): string {
    return client ?? this.device(device);
  }

  /** The same for a label alone, of the device that ended another one. */
  label(label: string): string {
    const [, browser = null, os = null] = /^([\w.+ -]{1,40}) on ([\w.+ -]{1,20})$/.exec(label) ?? [];
    return this.device({ label, browser, os, type: 'unknown', ip: null });
  }

  kind(kind: string): string | null {
    if (kind === 'browser') return null;
    return Object.hasOwn(this.texts.kinds, kind) ? (this.texts.kinds[kind] ?? kind) : kind;
  }

  /** What ended it, and the sentence that this stands in. */
  end({ reason, by, from, cause }: End): { what: string; sentence: string } {
    const { texts } = this;
    // An app's own code means nothing to its users, unless it has given a text.
    const known = cause !== null && Object.hasOwn(texts.causes, cause) ? texts.causes[cause] : undefined;
    const what = known ?? (reason === 'expired' ? texts.expired : texts.endedSomehow);
    if (by === 'other') return { what, sentence: texts.endedByOther };
    if (by === 'self') return { what, sentence: from === null ? texts.endedBySelf : texts.endedBySelfFrom };
    return { what, sentence: from === null ? texts.endedAt : texts.endedFrom };
  }
}

function midnight(at: number): number {
  const date = new Date(at);
  // In UTC, where every day has 24 hours.
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

import type { SignedOut } from './events.ts';
import { fillText } from './fill.ts';
import type { End, ListedDevice, ListedSession } from './listed-session.ts';
import type { Texts } from './texts/type.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Texts for times, devices and ended sessions in one language. */
export class Words {
  readonly texts: Texts;
  readonly locale: string;
  readonly #relative: Intl.RelativeTimeFormat;
  // "1 month ago" instead of "last month": 31 days ago may be two calendar months back.
  readonly #counting: Intl.RelativeTimeFormat;
  readonly #absolute: Intl.DateTimeFormat;

  constructor(texts: Texts, locale: string) {
    this.texts = texts;
    this.locale = locale;
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
    this.#counting = new Intl.RelativeTimeFormat(locale);
    this.#absolute = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
  }

  /** Returns a past time, such as `3 hours ago`. A time in the future, by a clock that is ahead, counts as now. */
  ago(at: number, now: number): string {
    const age = now - at;
    if (age < MINUTE_MS) return this.texts.justNow;
    if (age < HOUR_MS) return this.#relative.format(-Math.floor(age / MINUTE_MS), 'minute');
    if (age < DAY_MS) return this.#relative.format(-Math.floor(age / HOUR_MS), 'hour');
    // "Yesterday" is the previous calendar day, not any time 24 to 48 hours ago.
    const days = Math.round((midnight(now) - midnight(at)) / DAY_MS);
    if (days < 30) return this.#relative.format(-days, 'day');
    if (days < 365) return this.#counting.format(-Math.floor(days / 30.44) || -1, 'month');
    return this.#counting.format(-Math.floor(days / 365.25) || -1, 'year');
  }

  /** Returns a future time, such as `in 3 days`; at least `in 1 minute`. */
  until(at: number, now: number): string {
    const left = at - now;
    if (left < HOUR_MS) return this.#relative.format(Math.max(1, Math.ceil(left / MINUTE_MS)), 'minute');
    if (left < DAY_MS) return this.#relative.format(Math.floor(left / HOUR_MS), 'hour');
    const days = Math.round((midnight(at) - midnight(now)) / DAY_MS);
    if (days < 60) return this.#relative.format(days, 'day');
    if (days < 365) return this.#counting.format(Math.floor(days / 30.44), 'month');
    return this.#counting.format(Math.floor(days / 365.25) || 1, 'year');
  }

  /** Returns the sentence that says when a device notices that it was logged out. */
  noticed(effectiveWithin: number): string {
    const { noticesNext, noticesWithin } = this.texts;
    return effectiveWithin === 0 ? noticesNext : fillText(noticesWithin, { time: this.#duration(effectiveWithin) });
  }

  /** The same sentence for several devices: it is about the last one that notices. */
  othersNoticed(effectiveWithin: number): string {
    const { othersNoticeNext, othersNoticeWithin } = this.texts;
    return effectiveWithin === 0
      ? othersNoticeNext
      : fillText(othersNoticeWithin, { time: this.#duration(effectiveWithin) });
  }

  signedOut({ how, effectiveWithin }: SignedOut): string {
    const { signedOut, signedOutEverywhere } = this.texts;
    return how === 'everywhere' ? `${signedOutEverywhere} ${this.othersNoticed(effectiveWithin)}` : signedOut;
  }

  /** Returns a duration, such as `1 second`. Rounds up, because the sentence promises that it takes no longer. */
  #duration(ms: number): string {
    const [unit, size] = ms <= 2 * MINUTE_MS ? (['second', SECOND_MS] as const) : (['minute', MINUTE_MS] as const);
    const format = new Intl.NumberFormat(this.locale, { style: 'unit', unit, unitDisplay: 'long' });
    return format.format(Math.ceil(ms / size));
  }

  date(at: number): string {
    return this.#absolute.format(at);
  }

  device({ label, browser, os }: ListedDevice): string {
    if (label === 'Unknown device') return this.texts.unknownDevice;
    // The server's label is in English.
    if (browser === null || os === null || label !== `${browser} on ${os}`) return label;
    return fillText(this.texts.device, { browser, os });
  }

  /** Returns the name of the session's app, or of its device if it has no app. */
  session({ client, device }: Pick<ListedSession, 'client' | 'device'>): string {
    return client ?? this.device(device);
  }

  /** Returns the name of the device that ended another session. The server sends only the label of that device. */
  label(label: string): string {
    const [, browser = null, os = null] = /^([\w.+ -]{1,40}) on ([\w.+ -]{1,20})$/.exec(label) ?? [];
    return this.device({ label, browser, os, type: 'unknown', ip: null });
  }

  kind(kind: string): string | null {
    if (kind === 'browser') return null;
    return Object.hasOwn(this.texts.kinds, kind) ? (this.texts.kinds[kind] ?? kind) : kind;
  }

  /** Describes an end: `what` is the reason, and `sentence` is the text in which `what` is filled in. */
  end({ reason, by, fromDevice, reasonCode }: End): { what: string; sentence: string } {
    const { texts } = this;
    // The app's own reason codes appear only with a text from the app.
    const known =
      reasonCode !== null && Object.hasOwn(texts.reasonCodes, reasonCode) ? texts.reasonCodes[reasonCode] : undefined;
    const what = known ?? (reason === 'expired' ? texts.expired : texts.endedSomehow);
    if (by === 'other') return { what, sentence: texts.endedByOther };
    if (by === 'self') return { what, sentence: fromDevice === null ? texts.endedBySelf : texts.endedBySelfFrom };
    return { what, sentence: fromDevice === null ? texts.endedAt : texts.endedFrom };
  }
}

function midnight(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

import { build, isBusy, setBusy } from './build.ts';
import { Clock } from './clock.ts';
import { confirm, type Question } from './confirmation.ts';
import { depart } from './departure.ts';
import type { CardEvents, SessionFailed, SignedOut } from './events.ts';
import { Failure } from './failure.ts';
import { Messages } from './messages.ts';
import { Routes } from './routes.ts';
import type { Settings } from './settings.ts';
import type { Words } from './words.ts';

type During = SessionFailed['during'];

export interface Part {
  readonly element: HTMLElement;
  load(): Promise<void>;
}

export interface Action<Answer> {
  readonly during: During;
  readonly question: Question;
  request(): Promise<Answer>;
  done(answer: Answer): void;
  /** Called for the answer `session-not-found`, instead of showing an error. */
  gone?(): void;
}

// If the page was hidden for longer, the card fetches its data again.
const STALE_MS = 30_000;

/** The codes that the server records when the buttons end this session. */
const OWN_REASONS: Readonly<Partial<Record<SignedOut['how'], string>>> = {
  'sign-out': 'signed-out',
  everywhere: 'signed-out-everywhere',
};

/** The card that the element shows, and the state that its parts share. Each changed attribute of the element makes a new card. */
export class Card {
  readonly section: HTMLElement;
  readonly heading: HTMLElement;
  readonly settings: Settings;
  readonly words: Words;
  readonly clock: Clock;
  readonly routes: Routes;
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #host: HTMLElement;
  readonly #messages: Messages;
  #parts: readonly Part[] = [];

  constructor(host: HTMLElement, settings: Settings, words: Words) {
    this.#host = host;
    this.settings = settings;
    this.words = words;
    this.signal = this.#controller.signal;
    this.clock = new Clock(words, this.signal);
    this.routes = new Routes(settings.src, this.signal);
    this.#messages = new Messages(words.texts);
    const { heading, headingWithoutRows } = words.texts;
    const title = settings.shows('rows') ? heading : headingWithoutRows;
    this.heading = build('h2', { id: 'heading', part: 'heading', tabindex: '-1' }, title);
    this.section = build(
      'section',
      { class: 'card', part: 'card', lang: words.locale, 'aria-labelledby': 'heading' },
      this.heading,
      this.#messages.element,
    );
    this.#watchVisibility();
  }

  start(parts: readonly Part[]): void {
    this.#parts = parts;
    this.section.append(...parts.map(({ element }) => element));
    this.refresh();
  }

  refresh(): void {
    for (const part of this.#parts) void part.load();
  }

  /** Aborts all requests. */
  stop(): void {
    this.#controller.abort();
  }

  /** Performs the action after the user confirms it. Meanwhile, `opener` is busy and ignores clicks. */
  async act<Answer>(opener: HTMLElement, action: Action<Answer>): Promise<void> {
    if (isBusy(opener) || !(await this.#confirm(opener, action.question))) return;
    await this.#perform(opener, action);
  }

  #confirm(opener: HTMLElement, question: Question): Promise<boolean> {
    return confirm({ card: this.section, opener, texts: this.words.texts, question, signal: this.signal });
  }

  async #perform<Answer>(opener: HTMLElement, action: Action<Answer>): Promise<void> {
    setBusy(opener, true);
    try {
      const answer = await action.request();
      this.signal.throwIfAborted();
      this.succeed(action.during);
      action.done(answer);
    } catch (error) {
      if (error instanceof Failure && error.name === 'session-not-found' && action.gone !== undefined) action.gone();
      else this.fail(error, action.during, () => void this.#perform(opener, action));
    } finally {
      setBusy(opener, false);
    }
  }

  /** Shows a message. Screen readers announce it politely. */
  say(text: string): void {
    this.#messages.say(text);
  }

  /** Shows a failure, or leaves the page if the session has ended. `retrying`: the card will try again by itself. */
  fail(error: unknown, during: During, retry: () => void, retrying = false): void {
    if (this.signal.aborted) return;
    if (!(error instanceof Failure)) {
      // A newer request of the same part aborted this one.
      if (error instanceof DOMException && error.name === 'AbortError') return;
      throw error;
    }
    if (error.name === 'session-required') {
      this.leave({ how: 'ended', reason: error.reason, effectiveWithin: 0 }, error);
      return;
    }
    const { name, status, detail, mistake } = error;
    this.#messages.fail(error, { during, settings: this.settings, retry, retrying });
    this.emit('session-error', { name, status, during, detail: detail ?? mistake });
  }

  /** Removes the shown failure if it belongs to `during`, or if both are actions. */
  succeed(during: During): void {
    this.#messages.succeed(during);
  }

  /** Empties the card, emits `signed-out` and leaves the page, unless a listener prevents that. */
  leave(detail: SignedOut, failure: Failure = new Failure('session-required')): void {
    this.stop();
    this.section.replaceChildren(this.heading, this.#messages.element);
    const goes = this.emit('signed-out', detail);
    const { answered } = this.routes;
    const reason = OWN_REASONS[detail.how] ?? failure.reason;
    const left = goes && depart(this.settings, { back: detail.how === 'ended', answered, reason });
    if (left && detail.how !== 'ended') this.#messages.say(this.words.signedOut(detail));
    else this.#messages.fail(failure, { during: 'list', settings: this.settings, retry: null, retrying: false });
  }

  emit<Name extends keyof CardEvents>(name: Name, detail: CardEvents[Name]['detail']): boolean {
    const cancelable = name === 'signed-out';
    return this.#host.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable, detail }));
  }

  #watchVisibility(): void {
    const { signal } = this;
    let hiddenAt = document.visibilityState === 'hidden' ? Date.now() : null;
    const onChange = () => {
      if (document.visibilityState === 'hidden') hiddenAt ??= Date.now();
      else if (hiddenAt !== null) {
        if (Date.now() - hiddenAt > STALE_MS) this.refresh();
        hiddenAt = null;
      }
    };
    document.addEventListener('visibilitychange', onChange, { signal });
    // The page comes from the back/forward cache, with outdated data.
    window.addEventListener('pageshow', ({ persisted }) => persisted && this.refresh(), { signal });
  }
}

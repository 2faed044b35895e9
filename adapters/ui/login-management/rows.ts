import { build, buildButton, isBusy, setBusy } from './build.ts';
import type { Card, Part } from './card.ts';
import { Failure } from './failure.ts';
import type { ListedSession, Page } from './listed-session.ts';
import { logOut } from './log-out.ts';
import { Retries } from './retries.ts';
import { Row } from './row.ts';
import { inSlices } from './slices.ts';

const SKELETONS = 3;

interface RowsListeners {
  onChange(): void;
  /** Called after the user has ended a session in the list. */
  onEnded(): void;
}

export class Rows implements Part {
  readonly element: HTMLElement;
  readonly #card: Card;
  readonly #listeners: RowsListeners;
  readonly #rows = new Map<string, Row>();
  readonly #list = build('ul', { class: 'list', part: 'list', role: 'list', hidden: true });
  readonly #skeleton: HTMLElement;
  readonly #empty = build('p', { class: 'empty', part: 'empty', hidden: true });
  readonly #more: HTMLButtonElement;
  readonly #retries = new Retries();
  #request = new AbortController();
  #loading = false;
  #cursor: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(card: Card, listeners: RowsListeners) {
    this.#card = card;
    this.#listeners = listeners;
    const { texts } = card.words;
    this.#skeleton = build(
      'div',
      { class: 'skeleton', part: 'skeleton' },
      build('p', { class: 'unseen' }, texts.loading),
      ...Array.from({ length: SKELETONS }, () => build('div', { class: 'bone', 'aria-hidden': 'true' })),
    );
    this.#more = buildButton(texts.more, { class: 'more', hidden: true });
    this.#more.addEventListener('click', () => void this.#loadMore());
    this.element = build('div', { class: 'rows' }, this.#skeleton, this.#list, this.#empty, this.#more);
    const retryNow = () => this.#timer !== undefined && void this.load();
    window.addEventListener('online', retryNow, { signal: card.signal });
    card.signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** True if the list is complete and has no session but the current one. */
  get isAlone(): boolean {
    const rows = [...this.#rows.values()];
    return this.#cursor === null && !this.#skeleton.isConnected && rows.every(({ session }) => session.current);
  }

  /** Fetches the list from its start again, with at least as many sessions as it shows now. */
  load(): Promise<void> {
    return this.#fetch(null, async (signal) => {
      const atLeast = this.#rows.size;
      const sessions: ListedSession[] = [];
      let page: Page = { sessions, cursor: null };
      do {
        page = await this.#card.routes.list({ limit: this.#card.settings.pageSize, cursor: page.cursor }, signal);
        sessions.push(...page.sessions.filter(({ end }) => end === null));
      } while (page.cursor !== null && page.sessions.length > 0 && sessions.length < atLeast);
      const ids = new Set(sessions.map(({ id }) => id));
      for (const id of this.#rows.keys()) if (!ids.has(id)) this.#drop(id);
      await this.#place(sessions, this.#list.firstElementChild, signal);
      this.#cursor = page.cursor;
    });
  }

  #loadMore(): Promise<void> {
    if (isBusy(this.#more)) return Promise.resolve();
    return this.#fetch(this.#more, async (signal) => {
      const { sessions, cursor } = await this.#card.routes.list(
        { limit: this.#card.settings.pageSize, cursor: this.#cursor },
        signal,
      );
      const living = sessions.filter(({ id, end }) => end === null && !this.#rows.has(id));
      await this.#place(living, null, signal);
      this.#cursor = cursor;
      // The last page hides the focused button, so the focus moves to the first new row or the heading.
      const first = this.#rows.get(living[0]?.id ?? '')?.button;
      if (cursor === null && this.#more.matches(':focus')) (first ?? this.#card.heading).focus();
    });
  }

  /** Aborts the current request, then runs `work`. Retries after a temporary failure. */
  async #fetch(button: HTMLElement | null, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal: life } = this.#card;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#request.abort();
    this.#request = new AbortController();
    const signal = AbortSignal.any([life, this.#request.signal]);
    this.#loading = true;
    this.element.setAttribute('aria-busy', 'true');
    this.#skeleton.hidden = false;
    setBusy(this.#more, true);
    try {
      await work(signal);
      this.#retries.reset();
      this.#settle();
      this.#change();
      this.#card.succeed('list');
    } catch (error) {
      if (signal.aborted) return;
      this.#settle();
      const again = () => void (button === null ? this.load() : this.#loadMore());
      const delay = error instanceof Failure ? this.#retries.next(error) : null;
      if (delay !== null) this.#timer = setTimeout(again, delay);
      this.#card.fail(error, 'list', again, delay !== null);
    }
  }

  #settle(): void {
    this.#loading = false;
    this.element.removeAttribute('aria-busy');
    this.#skeleton.hidden = true;
    setBusy(this.#more, false);
  }

  /** Inserts rows in order before `next`. A row in its place is not moved, and keeps the focus. */
  async #place(sessions: readonly ListedSession[], next: Element | null, signal: AbortSignal): Promise<void> {
    let before = next;
    this.#skeleton.remove();
    this.#list.hidden = false;
    await inSlices(sessions, signal, (session) => {
      if (before?.parentNode !== this.#list) before = null;
      const old = this.#rows.get(session.id)?.element;
      const row = this.#rowOf(session);
      if (old !== undefined && old !== row.element) {
        old.replaceWith(row.element);
        if (before === old) before = row.element;
      }
      if (row.element === before) before = before.nextElementSibling;
      else this.#list.insertBefore(row.element, before);
    });
    this.#card.clock.start();
  }

  #rowOf(session: ListedSession): Row {
    const known = this.#rows.get(session.id);
    if (known?.update(this.#card, session)) return known;
    const row = new Row(this.#card, session, (own) => void logOut(this.#card, own, () => this.#onLoggedOut(own)));
    this.#rows.set(session.id, row);
    return row;
  }

  #change(): void {
    const { texts } = this.#card.words;
    this.#more.hidden = this.#cursor === null;
    this.#empty.hidden = !this.isAlone;
    this.#empty.textContent = this.#rows.size === 0 ? texts.none : texts.noOthers;
    this.#list.hidden = this.#rows.size === 0;
    this.#listeners.onChange();
  }

  #onLoggedOut({ session }: Row): void {
    this.#drop(session.id);
    this.#change();
    // A running fetch may still return the ended session. If there are more pages, another session moves up to this one.
    if (this.#loading || this.#cursor !== null) void this.load();
    this.#listeners.onEnded();
  }

  /**
   * Removes all rows but that of the current session. Returns the number of removed rows. Sessions that the server
   * spared return with the next load.
   */
  keepCurrent(): number {
    const others = [...this.#rows.values()].filter(({ session }) => !session.current);
    for (const { session } of others) this.#drop(session.id);
    this.#cursor = null;
    this.#change();
    return others.length;
  }

  /** Removes a row. If it has the focus, the focus moves to a neighbour or to the heading. */
  #drop(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const { element } = row;
    if (element.matches(':focus-within')) {
      const neighbour = element.nextElementSibling ?? element.previousElementSibling;
      (neighbour?.querySelector('button') ?? this.#card.heading).focus();
    }
    element.remove();
    this.#rows.delete(id);
  }
}

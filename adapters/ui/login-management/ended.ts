import { build, buildButton, isBusy, setBusy } from './build.ts';
import type { Card, Part } from './card.ts';
import { fill, fillText } from './fill.ts';
import type { ListedSession } from './listed-session.ts';
import { iconOf, metaOf, titleOf, whereOf } from './row.ts';
import { inSlices } from './slices.ts';

// The server sorts by sign-in and mixes in live sessions. One click reads at most this many pages.
const MAX_PAGES = 5;

/** The section with the ended sessions, latest end first. It loads its data when the user opens it. */
export class Ended implements Part {
  readonly element: HTMLDetailsElement;
  readonly #card: Card;
  readonly #ended: EndedList;
  readonly #replaced: EndedList;
  readonly #count = build('summary', { part: 'summary' });
  readonly #replacements: HTMLDetailsElement;
  readonly #empty: HTMLElement;
  readonly #more: HTMLButtonElement;
  #request = new AbortController();
  #cursor: string | null = null;

  constructor(card: Card) {
    this.#card = card;
    const { texts } = card.words;
    this.#ended = new EndedList(card);
    this.#replaced = new EndedList(card);
    this.#replacements = build(
      'details',
      { class: 'replaced', part: 'replaced', hidden: true },
      this.#count,
      this.#replaced.element,
    );
    this.#empty = build('p', { class: 'empty', part: 'empty', hidden: true }, texts.noEnded);
    this.#more = buildButton(texts.more, { class: 'more', hidden: true });
    this.#more.addEventListener('click', () => isBusy(this.#more) || void this.#fetch(this.#cursor));
    this.element = build(
      'details',
      { class: 'ended', part: 'ended' },
      build('summary', { part: 'summary' }, texts.ended),
      this.#ended.element,
      this.#replacements,
      this.#empty,
      this.#more,
    );
    this.element.addEventListener('toggle', () => void this.load(), { signal: card.signal });
  }

  async load(): Promise<void> {
    if (this.element.open) await this.#fetch(null);
  }

  async #fetch(from: string | null): Promise<void> {
    const { routes, settings, signal: life, clock } = this.#card;
    this.#request.abort();
    this.#request = new AbortController();
    const signal = AbortSignal.any([life, this.#request.signal]);
    this.element.setAttribute('aria-busy', 'true');
    setBusy(this.#more, true);
    try {
      const found: ListedSession[] = [];
      let cursor = from;
      let pages = 0;
      // Reads more pages: a session on a later page may have ended after all sessions on this page.
      do {
        const page = await routes.list({ limit: settings.pageSize, cursor, ended: true }, signal);
        found.push(...page.sessions.filter(({ end }) => end !== null));
        cursor = page.cursor;
        pages++;
      } while (cursor !== null && pages < MAX_PAGES);
      if (from === null) for (const list of [this.#ended, this.#replaced]) list.clear();
      await this.#ended.add(
        found.filter((session) => !isReplaced(session)),
        signal,
      );
      await this.#replaced.add(found.filter(isReplaced), signal);
      clock.start();
      this.#cursor = cursor;
      this.#show();
      this.#settle();
      this.#card.succeed('ended');
    } catch (error) {
      if (signal.aborted) return;
      this.#settle();
      this.#card.fail(error, 'ended', () => void this.#fetch(from));
    }
  }

  #show(): void {
    const replaced = this.#replaced.length;
    this.#count.textContent = fillText(this.#card.words.texts.replaced, { count: String(replaced) });
    this.#replacements.hidden = replaced === 0;
    this.#more.hidden = this.#cursor === null;
    this.#empty.hidden = this.#cursor !== null || this.#ended.length + replaced > 0;
  }

  #settle(): void {
    this.element.removeAttribute('aria-busy');
    setBusy(this.#more, false);
  }
}

class EndedList {
  readonly element = build('ul', { class: 'list', part: 'list', role: 'list', hidden: true });
  readonly #card: Card;
  #sessions: readonly ListedSession[] = [];
  #rows = new Map<string, HTMLElement>();

  constructor(card: Card) {
    this.#card = card;
  }

  get length(): number {
    return this.#sessions.length;
  }

  clear(): void {
    this.#sessions = [];
    this.#rows.clear();
    this.element.replaceChildren();
    this.element.hidden = true;
  }

  /** Adds sessions and keeps the list sorted by end. */
  async add(found: readonly ListedSession[], signal: AbortSignal): Promise<void> {
    const all = new Map([...this.#sessions, ...found].map((session) => [session.id, session]));
    this.#sessions = [...all.values()].sort((one, other) => endOf(other) - endOf(one));
    this.element.hidden = this.#sessions.length === 0;
    await inSlices(this.#sessions, signal, (session, index) => {
      if (this.#rows.has(session.id)) return;
      const row = this.#buildRow(session);
      this.#rows.set(session.id, row);
      this.element.insertBefore(row, this.element.children[index] ?? null);
    });
  }

  #buildRow(session: ListedSession): HTMLElement {
    const { words, clock } = this.#card;
    const { end } = session;
    if (end === null) throw new TypeError('A living session is not among the ended ones.');
    const { what, sentence } = words.end(end);
    const values = {
      what,
      time: end.at === null ? '' : clock.time(end.at),
      fromDevice: end.fromDevice === null ? '' : words.label(end.fromDevice),
    };
    const where = whereOf(session);
    return build(
      'li',
      { class: 'row over', part: 'row' },
      iconOf(session),
      build(
        'div',
        { class: 'about' },
        titleOf({ ...session, current: false }, this.#card),
        build(
          'p',
          { class: 'meta end', part: 'meta' },
          fill(end.at === null ? withoutTime(sentence) : sentence, values),
        ),
        where.length === 0 ? null : metaOf(where),
      ),
    );
  }
}

const isReplaced = ({ end }: ListedSession): boolean => end?.reasonCode === 'replaced';

const endOf = ({ end }: ListedSession): number => end?.at ?? Number.NEGATIVE_INFINITY;

const withoutTime = (sentence: string): string => sentence.replace(/ ?\{time\}/, '');

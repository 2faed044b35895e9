import { build, buildButton, isBusy, setBusy } from './build.ts';
import type { Card, Part } from './card.ts';
import { fill } from './fill.ts';
import type { ListedSession } from './listed-session.ts';
import { iconOf, titleOf } from './row.ts';
import { inSlices } from './slices.ts';

// Ended sessions come mixed with living ones: one click looks through so many pages at most.
const MOST_PAGES = 5;

/** What is over, in a section that is fetched when it is opened. */
export class Ended implements Part {
  readonly element: HTMLDetailsElement;
  readonly #card: Card;
  readonly #list = build('ul', { class: 'list', part: 'list', role: 'list', hidden: true });
  readonly #empty: HTMLElement;
  readonly #more: HTMLButtonElement;
  #request = new AbortController();
  #cursor: string | null = null;

  constructor(card: Card) {
    this.#card = card;
    const { texts } = card.words;
    this.#empty = build('p', { class: 'empty', part: 'empty', hidden: true }, texts.noEnded);
    this.#more = buildButton(texts.more, { class: 'more', hidden: true });
    this.#more.addEventListener('click', () => isBusy(this.#more) || void this.#fetch(this.#cursor));
    this.element = build(
      'details',
      { class: 'ended', part: 'ended' },
      build('summary', { part: 'summary' }, texts.ended),
      this.#list,
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
      do {
        const page = await routes.list({ limit: settings.pageSize, cursor, ended: true }, signal);
        found.push(...page.sessions.filter(({ over }) => over !== null));
        cursor = page.cursor;
        pages++;
      } while (cursor !== null && found.length === 0 && pages < MOST_PAGES);
      if (from === null) this.#list.replaceChildren();
      this.#list.hidden = found.length === 0 && this.#list.childElementCount === 0;
      await inSlices(found, signal, (session) => this.#list.append(this.#buildRow(session)));
      clock.start();
      this.#cursor = cursor;
      this.#more.hidden = cursor === null;
      this.#empty.hidden = cursor !== null || this.#list.childElementCount > 0;
      this.#settle();
      this.#card.succeed('ended');
    } catch (error) {
      if (signal.aborted) return;
      this.#settle();
      this.#card.fail(error, 'ended', () => void this.#fetch(from));
    }
  }

  #settle(): void {
    this.element.removeAttribute('aria-busy');
    setBusy(this.#more, false);
  }

  #buildRow(session: ListedSession): HTMLElement {
    const { words, clock } = this.#card;
    const { device, over } = session;
    if (over === null) throw new TypeError('A living session is not among the ended ones.');
    const { what, sentence } = words.end(over);
    const values = {
      what,
      time: over.at === null ? '' : clock.time(over.at),
      from: over.from === null ? '' : words.label(over.from),
    };
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
          fill(over.at === null ? withoutTime(sentence) : sentence, values),
        ),
        device.ip === null
          ? null
          : build('p', { class: 'meta', part: 'meta' }, build('span', { part: 'address' }, device.ip)),
      ),
    );
  }
}

const withoutTime = (sentence: string): string => sentence.replace(/ ?\{time\}/, '');

import { build } from './build.ts';
import type { SessionFailed } from './events.ts';
import type { Failure } from './failure.ts';
import { buildNotice } from './notice.ts';
import type { Settings } from './settings.ts';
import type { Texts } from './texts/type.ts';

const isRead = (during: string): boolean => during === 'list' || during === 'ended';

interface FailOptions {
  readonly during: SessionFailed['during'];
  readonly settings: Settings | null;
  readonly retry: (() => void) | null;
  readonly retrying: boolean;
}

/** Live regions for results and failures. They exist while empty, because screen readers announce only text that is added. */
export class Messages {
  readonly element: HTMLElement;
  readonly #texts: Texts;
  readonly #status = build('div', { role: 'status' });
  readonly #alert = build('div', { role: 'alert' });
  #shown: { readonly during: string; readonly key: string } | null = null;

  constructor(texts: Texts) {
    this.#texts = texts;
    this.element = build('div', { class: 'messages' }, this.#status, this.#alert);
  }

  say(text: string): void {
    this.#status.replaceChildren(build('p', { class: 'notice', part: 'notice status' }, text));
  }

  fail(failure: Failure, { during, settings, retry, retrying }: FailOptions): void {
    const { name, status, request, detail } = failure;
    const key = JSON.stringify([name, status, request, detail, retrying]);
    // An identical failure is not announced again.
    if (this.#shown?.key === key && this.#shown.during === during) return;
    const focused = this.#holdsFocus();
    this.#status.replaceChildren();
    this.#alert.replaceChildren(buildNotice(failure, { texts: this.#texts, settings, retry, retrying }));
    this.#shown = { during, key };
    if (focused) this.#alert.querySelector<HTMLElement>('button, a')?.focus();
  }

  succeed(during: SessionFailed['during']): void {
    // A failed read stays until the same read succeeds, a failed action until an action succeeds.
    if (this.#shown === null || (this.#shown.during !== during && (isRead(this.#shown.during) || isRead(during))))
      return;
    const focused = this.#holdsFocus();
    this.#alert.replaceChildren();
    this.#shown = null;
    if (focused) this.element.parentElement?.querySelector<HTMLElement>('h2')?.focus();
  }

  #holdsFocus(): boolean {
    const { activeElement } = this.element.getRootNode() as ShadowRoot;
    return activeElement !== null && activeElement !== undefined && this.#alert.contains(activeElement);
  }
}

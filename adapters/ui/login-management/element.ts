import { build } from './build.ts';
import { buildButtons } from './buttons.ts';
import { Card } from './card.ts';
import { Ended } from './ended.ts';
import { Failure } from './failure.ts';
import { Messages } from './messages.ts';
import { PolicyField } from './policy-field.ts';
import { Rows } from './rows.ts';
import { ATTRIBUTES, readSettings } from './settings.ts';
import { styleSheet } from './style.ts';
import { type TextOverrides, textsFor } from './texts/texts.ts';
import { Words } from './words.ts';

export type * from './events.ts';

const NAME = 'login-management';

/** The element `<login-management>`. */
export interface LoginManagementElement extends HTMLElement {
  /** Texts that replace those of the language. Setting it rebuilds the card. */
  texts: TextOverrides;
  /** Fetches sessions and policy again. Rebuilds the card if the session has ended or an attribute was wrong. */
  refresh(): void;
}

// Servers can import this module: without a DOM, the class is never registered.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

class LoginManagement extends Base implements LoginManagementElement {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;
  #texts: TextOverrides = {};
  #card: Card | null = null;
  #restarts = false;

  get texts(): TextOverrides {
    return this.#texts;
  }

  set texts(texts: TextOverrides) {
    this.#texts = { ...texts };
    this.#restartSoon();
  }

  refresh(): void {
    if (this.#card === null || this.#card.signal.aborted) this.#restartSoon();
    else this.#card.refresh();
  }

  connectedCallback(): void {
    // If the app has set `texts` before the definition, an own property hides the accessor.
    if (Object.hasOwn(this, 'texts')) {
      const { texts } = this;
      Reflect.deleteProperty(this, 'texts');
      this.texts = texts;
    }
    this.#restartSoon();
  }

  disconnectedCallback(): void {
    this.#card?.stop();
    this.#card = null;
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.#restartSoon();
  }

  /** Makes a new card in a microtask, so that several changed attributes cause one restart. */
  #restartSoon(): void {
    if (this.#restarts) return;
    this.#restarts = true;
    queueMicrotask(() => {
      this.#restarts = false;
      if (this.isConnected) this.#restart();
    });
  }

  #restart(): void {
    this.#card?.stop();
    this.#card = null;
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [styleSheet()];
    const { texts, locale } = textsFor(languageOf(this), this.#texts);
    const words = new Words(texts, locale);
    try {
      const card = new Card(this, readSettings(this), words);
      this.#card = card;
      root.replaceChildren(card.section);
      startParts(card);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      root.replaceChildren(buildMistake(error, words));
      const { name, status, mistake } = error;
      const detail = { name, status, during: 'list', detail: mistake };
      this.dispatchEvent(new CustomEvent('session-error', { bubbles: true, composed: true, detail }));
    }
  }
}

function startParts(card: Card): void {
  const { settings } = card;
  const policy = settings.shows('policy') ? new PolicyField(card) : null;
  const ended = settings.shows('ended') ? new Ended(card) : null;
  const rows: Rows | null = settings.shows('rows')
    ? new Rows(card, {
        onChange: () => {
          if (others !== null) others.hidden = rows?.isAlone === true;
        },
        onEnded: () => void ended?.load(),
      })
    : null;
  const { element, others } = buildButtons(card, {
    othersEnded: () => rows?.keepCurrent() ?? 0,
    endsAll: () => policy?.endsAll === true,
  });
  const buttons = { element, load: async () => {} };
  card.start([rows, buttons, ended, policy].filter((part) => part !== null));
}

function buildMistake(failure: Failure, { texts, locale }: Words): HTMLElement {
  const messages = new Messages(texts);
  messages.fail(failure, { during: 'list', settings: null, retry: null, retrying: false });
  const heading = build('h2', { id: 'heading', part: 'heading' }, texts.heading);
  const attributes = { class: 'card', part: 'card', lang: locale, 'aria-labelledby': 'heading' };
  return build('section', attributes, heading, messages.element);
}

/** Returns the `lang` of the element or of its closest ancestor that has one, across shadow roots. */
function languageOf(element: HTMLElement): string {
  let node: Node | null = element;
  while (node !== null) {
    const lang: string | null = node instanceof Element ? node.getAttribute('lang') : null;
    if (lang !== null) return lang.trim();
    node = node instanceof ShadowRoot ? node.host : node.parentNode;
  }
  return '';
}

/** Registers the element. Does nothing without a DOM, or if the name is registered already. */
export function defineElement(): void {
  if (globalThis.customElements?.get(NAME) === undefined) globalThis.customElements?.define(NAME, LoginManagement);
}

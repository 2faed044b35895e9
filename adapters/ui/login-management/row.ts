import { build, buildButton, buildIcon } from './build.ts';
import type { Card } from './card.ts';
import { fill, fillText } from './fill.ts';
import type { ListedSession } from './listed-session.ts';

const ICONS = {
  computer: 'M4 5h16v11H4zM2.5 19.5h19M9 16l-.5 3.5M15 16l.5 3.5',
  phone: 'M7.5 2.5h9v19h-9zM11 18.5h2',
  tablet: 'M5 3h14v18H5zM11 18h2',
  program: 'M3.5 4.5h17v15h-17zM7 9.5l3 2.5-3 2.5M12.5 15h4.5',
} as const;

/** The drawing of a device, or of a program. */
export function iconOf({ kind, device }: ListedSession): SVGElement {
  const isProgram = device.type === 'client' || device.type === 'bot' || kind === 'api' || kind === 'mcp';
  if (isProgram) return buildIcon(ICONS.program);
  if (device.type === 'mobile' || device.type === 'wearable') return buildIcon(ICONS.phone);
  return buildIcon(device.type === 'tablet' ? ICONS.tablet : ICONS.computer);
}

/** The label with what else is said beside it. */
export function titleOf(session: ListedSession, { words }: Card): HTMLElement {
  const { kind, current } = session;
  const kindText = words.kind(kind);
  return build(
    'p',
    { class: 'title' },
    build('span', { part: 'label', class: 'label' }, words.session(session)),
    current ? build('span', { part: 'badge', class: 'badge' }, words.texts.current) : null,
    kindText === null ? null : build('span', { part: 'badge kind', class: 'badge kind' }, kindText),
  );
}

/** A living session in the list. */
export class Row {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement | null;
  #session: ListedSession;
  #meta: HTMLElement;

  constructor(card: Card, session: ListedSession, logOut: (row: Row) => void) {
    this.#session = session;
    this.#meta = buildMeta(card, session);
    const { texts } = card.words;
    this.button = session.current
      ? null
      : buildButton(texts.logOut, {
          'aria-label': fillText(texts.logOutDevice, { device: card.words.session(session) }),
        });
    this.button?.addEventListener('click', () => logOut(this));
    this.element = build(
      'li',
      { class: 'row', part: 'row' },
      iconOf(session),
      build('div', { class: 'about' }, titleOf(session, card), this.#meta),
      this.button,
    );
  }

  get session(): ListedSession {
    return this.#session;
  }

  /** Whether the same row can show it: the rest of a session does not change. */
  update(card: Card, session: ListedSession): boolean {
    const before = this.#session;
    const isSame = before.client === session.client && before.device.label === session.device.label;
    if (!isSame || before.current !== session.current) return false;
    this.#session = session;
    if (before.lastUsedAt !== session.lastUsedAt || before.device.ip !== session.device.ip) {
      const meta = buildMeta(card, session);
      this.#meta.replaceWith(meta);
      this.#meta = meta;
    }
    return true;
  }
}

function buildMeta({ words, clock }: Card, { lastUsedAt, createdAt, device, current }: ListedSession): HTMLElement {
  const title = fillText(words.texts.times, { used: words.date(lastUsedAt), created: words.date(createdAt) });
  return build(
    'p',
    { class: 'meta', part: 'meta' },
    current
      ? build('span', { title }, words.texts.activeNow)
      : build('span', {}, clock.time(lastUsedAt, { title, alone: true })),
    device.ip === null ? null : build('span', { part: 'address' }, device.ip),
    build('span', {}, fill(words.texts.signedIn, { time: clock.time(createdAt) })),
  );
}

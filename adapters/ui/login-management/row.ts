import { hasTwoFactors } from '../../../src/model/factors.ts';
import { build, buildButton, buildIcon } from './build.ts';
import type { Card } from './card.ts';
import { fill, fillText } from './fill.ts';
import type { ListedSession } from './listed-session.ts';

const ICONS = {
  computer: 'M4 5h16v11H4zM2.5 19.5h19M9 16l-.5 3.5M15 16l.5 3.5',
  phone: 'M7.5 2.5h9v19h-9zM11 18.5h2',
  tablet: 'M5 3h14v18H5zM11 18h2',
  unknown: 'M5 3.5h14v17H5zM9.8 9.3a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1 1-1.1 1.9M12 16.6v.01',
  program: 'M3.5 4.5h17v15h-17zM7 9.5l3 2.5-3 2.5M12.5 15h4.5',
} as const;

export function iconOf({ kind, device }: ListedSession): SVGElement {
  const isProgram = device.type === 'client' || device.type === 'bot' || kind === 'api' || kind === 'mcp';
  if (isProgram) return buildIcon(ICONS.program);
  if (device.type === 'mobile' || device.type === 'wearable') return buildIcon(ICONS.phone);
  if (device.type === 'tablet') return buildIcon(ICONS.tablet);
  return buildIcon(device.type === 'desktop' || device.type === 'tv' ? ICONS.computer : ICONS.unknown);
}

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

export class Row {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement | null;
  #session: ListedSession;
  #meta: readonly HTMLElement[];

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
      build('div', { class: 'about' }, titleOf(session, card), ...this.#meta),
      this.button,
    );
  }

  get session(): ListedSession {
    return this.#session;
  }

  /** Shows newer data of the session. Returns `false` if a new row is needed, because the label or `current` has changed. */
  update(card: Card, session: ListedSession): boolean {
    const before = this.#session;
    const isSame = before.client === session.client && before.device.label === session.device.label;
    if (!isSame || before.current !== session.current) return false;
    this.#session = session;
    if (JSON.stringify(before) !== JSON.stringify(session)) {
      const [first, ...others] = this.#meta;
      for (const line of others) line.remove();
      this.#meta = buildMeta(card, session);
      first?.replaceWith(...this.#meta);
    }
    return true;
  }
}

/** Makes the lines below the title: one with last use and sign-in, one with place, address and the extras of the attribute `show`. */
function buildMeta({ words, clock, settings }: Card, session: ListedSession): readonly HTMLElement[] {
  const { lastUsedAt, createdAt, expiresAt, amr, current } = session;
  const { texts } = words;
  const title = fillText(texts.times, { used: words.date(lastUsedAt), created: words.date(createdAt) });
  const times = [
    current
      ? detail({ title }, texts.activeNow)
      : detail({}, fill(texts.lastActive, { time: clock.time(lastUsedAt, title) })),
    detail({}, fill(texts.signedIn, { time: clock.time(createdAt) })),
  ];
  const rest = [
    ...whereOf(session),
    settings.tells('second-factor') && hasTwoFactors(amr)
      ? detail({ part: 'second-factor' }, texts.secondFactor)
      : null,
    settings.tells('expiry') && expiresAt !== null
      ? detail({ part: 'expiry' }, fill(texts.expires, { time: clock.timeToCome(expiresAt) }))
      : null,
  ].filter((part) => part !== null);
  return [times, rest].filter((line) => line.length > 0).map((line) => metaOf(line));
}

// `<bdi>` separates the text's direction from the dot that the style sheet adds.
const detail = (attributes: Readonly<Record<string, string>>, text: Node | string): HTMLElement =>
  build('span', attributes, build('bdi', {}, text));

export const metaOf = (parts: readonly HTMLElement[]): HTMLElement =>
  build('p', { class: 'meta', part: 'meta' }, ...parts);

export function whereOf({ place, device }: ListedSession): readonly HTMLElement[] {
  return [
    place === null ? null : detail({ part: 'place' }, place),
    device.ip === null ? null : detail({ part: 'address' }, device.ip),
  ].filter((part) => part !== null);
}

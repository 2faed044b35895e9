import { build, buildButton } from './build.ts';
import { withReturn } from './departure.ts';
import type { Failure, FailureName } from './failure.ts';
import { fillText } from './fill.ts';
import type { Settings } from './settings.ts';
import type { Texts } from './texts/type.ts';

const TEXT_OF: Readonly<Record<FailureName, keyof Texts & string>> = {
  'session-required': 'sessionOver',
  'sign-in-not-recent': 'signInNotRecent',
  'cross-origin': 'crossOrigin',
  forbidden: 'forbidden',
  'session-not-found': 'none',
  'store-unavailable': 'storeUnavailable',
  offline: 'offline',
  refused: 'refused',
  misconfigured: 'misconfigured',
};

interface NoticeOptions {
  readonly texts: Texts;
  readonly settings: Settings | null;
  /** Called by the button "Try again"; `null` for no button. */
  readonly retry: (() => void) | null;
  /** True if the card will try again by itself. The notice then says so. */
  readonly retrying: boolean;
}

export function buildNotice(failure: Failure, { texts, settings, retry, retrying }: NoticeOptions): HTMLElement {
  const { name, status, detail, mistake, request } = failure;
  const values = { status: String(status ?? ''), detail: detail ?? '', request, origin: location.origin };
  const hint = mistake === null ? null : build('p', { class: 'hint', part: 'hint' }, fillText(texts[mistake], values));
  const said = name === 'refused' || name === 'forbidden' ? detail : null;
  const hasEnded = name === 'session-required';
  const loginUrl = settings?.loginUrl ?? null;
  const login =
    loginUrl !== null && (hasEnded || name === 'sign-in-not-recent')
      ? build('a', { href: withReturn(loginUrl, failure.reason).href, part: 'link' }, texts.signIn)
      : null;
  const reload = hasEnded && loginUrl === null ? buildButton(texts.reload) : null;
  reload?.addEventListener('click', () => location.reload());
  const again = retry !== null && !hasEnded ? buildButton(texts.tryAgain, { 'data-retry': true }) : null;
  again?.addEventListener('click', () => retry?.());
  const ways = [login, reload, again].filter((way) => way !== null);
  return build(
    'div',
    { class: 'notice problem', part: 'notice problem' },
    build('p', {}, fillText(texts[TEXT_OF[name]] as string, values)),
    said === null ? null : build('p', { class: 'quiet' }, said),
    hint,
    retrying ? build('p', { class: 'quiet' }, texts.retrying) : null,
    ways.length === 0 ? null : build('div', { class: 'ways' }, ...ways),
  );
}

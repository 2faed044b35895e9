import { build, buildButton } from './build.ts';
import type { Card } from './card.ts';
import type { Part as PartName } from './settings.ts';

interface ButtonsOptions {
  /** Removes the other sessions from the list, after they have ended. Returns the number of removed rows. */
  othersEnded(): number;
  /** True if a plain sign-out ends all sessions in this account. `false` while the policy is unknown. */
  endsAll(): boolean;
}

/** Makes the buttons below the list. `others`, the button that ends all other sessions, is `null` if the attribute `hide` names it. */
export function buildButtons(
  card: Card,
  { othersEnded, endsAll }: ButtonsOptions,
): { element: HTMLElement; others: HTMLElement | null } {
  const { texts } = card.words;
  const { routes } = card;

  const buildIf = (part: PartName, text: string, look: 'danger' | '', act: (button: HTMLElement) => Promise<void>) => {
    if (!card.settings.shows(part)) return null;
    const button = buildButton(text, {}, look);
    button.addEventListener('click', () => void act(button));
    return button;
  };

  const others = buildIf('sign-out-others', texts.logOutOthers, '', (button) =>
    card.act(button, {
      during: 'sign-out-others',
      question: { title: texts.confirmOthers, detail: texts.confirmOthersDetail, yes: texts.logOutOthers },
      request: () => routes.post('sign-out-others'),
      done: (effectiveWithin) => {
        const shown = othersEnded();
        card.say(`${texts.othersLoggedOut} ${card.words.othersNoticed(effectiveWithin)}`);
        card.emit('others-signed-out', { shown, effectiveWithin });
        card.refresh();
      },
    }),
  );
  const everywhere = buildIf('sign-out-everywhere', texts.signOutEverywhere, 'danger', (button) =>
    card.act(button, {
      during: 'sign-out-everywhere',
      question: { title: texts.confirmEverywhere, detail: texts.confirmEverywhereDetail, yes: texts.signOutEverywhere },
      request: () => routes.post('sign-out-everywhere'),
      done: (effectiveWithin) => card.leave({ how: 'everywhere', reason: null, effectiveWithin }),
    }),
  );
  const signOut = buildIf('sign-out', texts.signOut, '', (button) =>
    card.act(button, {
      during: 'sign-out',
      question: {
        title: texts.confirmSignOut,
        detail: endsAll() ? texts.confirmSignOutAllDetail : texts.confirmSignOutDetail,
        yes: texts.signOut,
        danger: endsAll(),
      },
      request: () => routes.post('sign-out'),
      done: (effectiveWithin) => card.leave({ how: 'sign-out', reason: null, effectiveWithin }),
    }),
  );
  const all = [signOut, others, everywhere].filter((button) => button !== null);
  return { element: build('div', { class: 'actions', part: 'actions', hidden: all.length === 0 }, ...all), others };
}

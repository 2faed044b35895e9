import type { Card } from './card.ts';
import { fillText } from './fill.ts';
import type { Row } from './row.ts';

export async function logOut(card: Card, row: Row, onOver: () => void): Promise<void> {
  const { words, routes } = card;
  const { texts } = words;
  const { id, device } = row.session;
  const label = words.session(row.session);
  await card.act(row.button ?? row.element, {
    during: 'end',
    question: {
      title: fillText(texts.confirmLogOut, { device: label }),
      detail: texts.confirmLogOutDetail,
      yes: texts.logOut,
    },
    request: () => routes.end(id),
    done: (effectiveWithin) => {
      onOver();
      card.say(`${fillText(texts.loggedOut, { device: label })} ${words.noticed(effectiveWithin)}`);
      card.emit('session-ended', { id, label: device.label, effectiveWithin });
    },
    gone: () => {
      onOver();
      card.say(fillText(texts.alreadyOver, { device: label }));
      // Other sessions may have ended, too.
      card.refresh();
    },
  });
}

import { build, buildButton } from './build.ts';
import type { Texts } from './texts/type.ts';

export interface Question {
  readonly title: string;
  readonly detail: string;
  readonly yes: string;
  readonly danger?: boolean;
}

interface ConfirmOptions {
  readonly card: HTMLElement;
  /** The button that opened the question. It gets the focus back. */
  readonly opener: HTMLElement;
  readonly texts: Texts;
  readonly question: Question;
  readonly signal: AbortSignal;
}

/** Asks the user in a dialog. Resolves to `false` on Escape, on a click outside, on "Cancel" and on an abort. */
export function confirm({ card, opener, texts, question, signal }: ConfirmOptions): Promise<boolean> {
  const no = buildButton(texts.cancel, { type: 'submit', value: 'no', autofocus: true });
  const yes = buildButton(
    question.yes,
    { type: 'submit', value: 'yes' },
    question.danger === false ? 'plain' : 'danger',
  );
  const dialog = build(
    'dialog',
    { part: 'dialog', closedby: 'any', 'aria-labelledby': 'question', 'aria-describedby': 'question-detail' },
    build('h3', { id: 'question', part: 'dialog-title' }, question.title),
    build('p', { id: 'question-detail', part: 'dialog-text' }, question.detail),
    build('form', { method: 'dialog', class: 'answers' }, no, yes),
  );
  card.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    const settle = () => {
      dialog.remove();
      // Browsers restore the focus only if `opener` had it. If another element has the focus now, it keeps it.
      if (document.activeElement === null || document.activeElement === document.body) opener.focus();
      resolve(dialog.returnValue === 'yes' && !signal.aborted);
    };
    dialog.addEventListener('close', settle, { once: true });
    signal.addEventListener('abort', () => dialog.close('no'), { once: true });
  });
}

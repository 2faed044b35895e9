import { build, buildButton } from './build.ts';
import type { Texts } from './texts.ts';

export interface Question {
  readonly title: string;
  readonly detail: string;
  /** What the button says that does it. */
  readonly yes: string;
  readonly danger?: boolean;
}

interface ConfirmOptions {
  readonly card: HTMLElement;
  /** The button that asked: where the focus returns to. */
  readonly opener: HTMLElement;
  readonly texts: Texts;
  readonly question: Question;
  readonly signal: AbortSignal;
}

/**
 * Asks once more, in a modal dialog: Escape, the backdrop and "Cancel" are a no. The focus returns to where it was. An
 * abort closes it without an answer that counts.
 */
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
    const over = () => {
      dialog.remove();
      // The browser gave the focus back when the dialog was closed, if the button had it; it may have moved on since.
      if (document.activeElement === null || document.activeElement === document.body) opener.focus();
      resolve(dialog.returnValue === 'yes' && !signal.aborted);
    };
    dialog.addEventListener('close', over, { once: true });
    signal.addEventListener('abort', () => dialog.close('no'), { once: true });
  });
}

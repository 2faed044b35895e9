import { build, buildButton } from './build.ts';
import type { Card, Part } from './card.ts';
import { Failure } from './failure.ts';
import type { Policy } from './listed-session.ts';

/** The sign-out policy of the account: a notice for users, a form for administrators. */
export class PolicyField implements Part {
  readonly element: HTMLElement = build('div', { class: 'policy', part: 'policy', hidden: true });
  readonly #card: Card;
  #policy: Policy | null = null;

  constructor(card: Card) {
    this.#card = card;
  }

  get endsAll(): boolean {
    return this.#policy?.signOut === 'everywhere';
  }

  async load(): Promise<void> {
    try {
      this.#show(await this.#card.routes.policy());
    } catch (error) {
      // Ignores other failures: an app may omit this route, and the list of sessions reports outages.
      if (error instanceof Failure && error.name === 'session-required') this.#card.fail(error, 'policy', () => {});
    }
  }

  #show(policy: Policy): void {
    const before = this.#policy;
    // Keeps the form if the policy is unchanged: the administrator may have chosen a value and not saved it yet.
    if (before?.signOut === policy.signOut && before.mayChange === policy.mayChange) return;
    this.#policy = policy;
    const notice = build('p', { class: 'quiet', part: 'policy-text' }, this.#card.words.texts.policyEverywhereNotice);
    this.element.replaceChildren(policy.mayChange ? this.#buildForm(policy) : notice);
    this.element.hidden = !policy.mayChange && policy.signOut !== 'everywhere';
  }

  #buildForm({ signOut }: Policy): HTMLElement {
    const { texts } = this.#card.words;
    const save = buildButton(texts.policySave, { type: 'submit', hidden: true });
    const radio = (value: Policy['signOut'], text: string) =>
      build(
        'label',
        { class: 'choice', part: 'choice' },
        build('input', { type: 'radio', name: 'sign-out', value, checked: value === signOut }),
        text,
      );
    const form = build(
      'form',
      {},
      build(
        'fieldset',
        {},
        build('legend', {}, texts.policy),
        radio('session', texts.policySession),
        radio('everywhere', texts.policyEverywhere),
      ),
      save,
    );
    const chosen = () => new FormData(form).get('sign-out') as Policy['signOut'];
    form.addEventListener('change', () => {
      save.hidden = chosen() === signOut;
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#save(save, chosen());
    });
    return form;
  }

  async #save(button: HTMLElement, signOut: Policy['signOut']): Promise<void> {
    const { words, routes } = this.#card;
    const { texts } = words;
    await this.#card.act(button, {
      during: 'policy',
      question: {
        title: texts.confirmPolicy,
        detail: signOut === 'everywhere' ? texts.confirmPolicyEverywhere : texts.confirmPolicySession,
        yes: texts.policySave,
        danger: false,
      },
      request: () => routes.setPolicy(signOut),
      done: (saved) => {
        const hadFocus = button.matches(':focus');
        this.#show(saved);
        if (hadFocus) this.element.querySelector<HTMLElement>('input:checked')?.focus();
        this.#card.say(texts.policySaved);
        this.#card.emit('policy-changed', { account: saved.account, signOut: saved.signOut });
      },
    });
  }
}

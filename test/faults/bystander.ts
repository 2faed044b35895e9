import { setTimeout as wait } from 'node:timers/promises';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import type { Operation } from '../concurrency/operation.ts';
import { Recorder } from '../concurrency/recorder.ts';

/** How long there is from one check to the next, in ms. */
const REST = 10;

/**
 * Somebody in a realm of their own, who signed in before anything happened, and whom nobody revokes: there is always a check
 * under way, and one that must be accepted where checks are answered.
 */
export class Bystander {
  readonly #sessions: Sessions;
  readonly #recorder: Recorder = new Recorder(1);
  readonly #token: string;
  #stopped = false;

  private constructor(sessions: Sessions, token: string) {
    this.#sessions = sessions;
    this.#token = token;
  }

  /** Signs somebody in, however long that takes. */
  static async begin(store: SessionStore, timeout: number): Promise<Bystander> {
    const options = { store, realm: 'bystanders' };
    const patient = createSessions({ ...options, timeout: '2m' });
    const started = await patient.start({ user: 'zoe', fence: await patient.fence({ user: 'zoe' }) });
    if (!started.ok) throw new Error(`a bystander cannot sign in: ${started.reason}`);
    return new Bystander(createSessions({ ...options, timeout }), started.token);
  }

  get operations(): readonly Operation[] {
    return this.#recorder.operations;
  }

  /** Checks again and again, until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#recorder.take(
        () => this.#sessions.check(this.#token),
        (answer) => ({
          ...{ type: 'check', id: answer?.session?.id ?? '', token: '' },
          session: answer?.session ?? null,
          refused: answer?.ok === false ? answer.reason : null,
        }),
      );
      await wait(REST);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Why it was refused, though nobody had done anything to it. */
  get refusals(): readonly string[] {
    return this.operations.flatMap((one) => (one.type === 'check' ? (one.refused ?? []) : []));
  }
}

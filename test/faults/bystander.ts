import { setTimeout as wait } from 'node:timers/promises';
import { createSessions, type SessionStore, type Sessions } from 'session-revocation';
import type { Operation } from '../concurrency/operation.ts';
import { Recorder } from '../concurrency/recorder.ts';

/** Pause between two checks, in ms. */
const REST = 10;

/**
 * A user in a separate realm who signs in before the fault and is never revoked. The bystander checks its session all
 * the time. Each check that the store answers must accept it.
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

  /** Signs the user in, with a long timeout. */
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

  /** Checks again and again until `stop()`. */
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

  /** The reasons of refused checks. Each is a fault, because nothing has ended this session. */
  get refusals(): readonly string[] {
    return this.operations.flatMap((one) => (one.type === 'check' ? (one.refused ?? []) : []));
  }
}

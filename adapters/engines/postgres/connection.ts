import type { PostgresClient, PostgresRow, PostgresStatement, PostgresValue } from './clients/client.ts';
import { isContention, isUnprepared, meaningOf } from './errors.ts';
import type { Ask, Prepared } from './prepared.ts';

const MAX_TRIES = 6;
const MAX_WAIT = 20;

export class Connection {
  readonly #run: (statement: PostgresStatement) => Promise<readonly PostgresRow[]>;
  #prepares: boolean;

  constructor(client: PostgresClient, prepares: boolean) {
    this.#run = (statement) => client.run(statement);
    this.#prepares = prepares;
  }

  /** Becomes false when a proxy turns out not to support prepared statements. */
  get prepares(): boolean {
    return this.#prepares;
  }

  /** Runs a statement once. Rejects with the error that the driver's error means, see `meaningOf`. */
  readonly ask: Ask = (statement, ...values) =>
    this.#once(statement, values).catch((error: unknown) => {
      throw meaningOf(error);
    });

  /**
   * Runs a statement, and repeats it if a conflict interrupted it: it has then had no effect. Rejects with the driver's
   * own error.
   */
  readonly askRepeatedly: Ask = async (statement, ...values) => {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(statement, values);
      } catch (error) {
        if (!isContention(error) || tries === MAX_TRIES) throw error;
        const maxWait = Math.min(2 ** tries, MAX_WAIT);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * maxWait));
      }
    }
  };

  async #once({ name, text, timeout }: Prepared, values: readonly PostgresValue[]): Promise<readonly PostgresRow[]> {
    if (!this.#prepares) return this.#run({ text, values, timeout });
    try {
      return await this.#run({ text, values, name, timeout });
    } catch (error) {
      if (!isUnprepared(error)) throw error;
      // A proxy that switches connections supports no prepared statements. The failed statement had no effect.
      this.#prepares = false;
      return this.#run({ text, values, timeout });
    }
  }
}

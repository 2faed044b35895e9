import type { Awaitable } from '../../../src/lib/awaitable.ts';
import type { SessionRef } from '../../../src/model/session.ts';
import { type BatchOptions, batched } from '../../../src/store/batched.ts';
import type { FoundSession, SessionStore } from '../../../src/store/store.ts';

export type Found = readonly (FoundSession | null)[];

export const REALM = 'realm';
export const refOf = (id: string): SessionRef => ({ id, user: 'ann' });
export const refsOf = (...ids: string[]): SessionRef[] => ids.map(refOf);
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Returns the store's answer to a reference. `version` is the version of the data that it read. */
export const answerTo = (realm: string, { id, user }: SessionRef, version = 0): FoundSession =>
  ({ session: { id, user, realm }, epochs: { version } }) as unknown as FoundSession;
export const answersTo = (realm: string, refs: readonly SessionRef[]): Found => refs.map((ref) => answerTo(realm, ref));

/** A question that reached the store. */
export interface Question {
  readonly realm: string;
  readonly ids: string[];
  reply(...found: [unknown?]): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** A store that answers only when the test calls `reply` or `fail`. */
export class HandStore {
  readonly questions: Question[] = [];

  find(realm: string, refs: readonly SessionRef[]): Promise<Found> {
    const ids = refs.map(({ id }) => id);
    return new Promise<Found>((resolve, reject) => {
      this.questions.push({
        realm,
        ids,
        reply: (...found: [unknown?]) => {
          resolve(found.length > 0 ? (found[0] as Found) : answersTo(realm, refs));
          return turn();
        },
        fail: (error) => {
          reject(error);
          return turn();
        },
      });
    });
  }

  /** Returns the ids of each question so far. */
  get asked(): string[][] {
    return this.questions.map(({ ids }) => ids);
  }
}

/** Opens a batched store. Tests use only its `find`. */
export function open(options?: BatchOptions) {
  const hand = new HandStore();
  const store = batched(hand as unknown as SessionStore, options);
  const find = async (...ids: string[]): Promise<Found> => store.find(REALM, refsOf(...ids));
  /** Starts a look-up. The test inspects its result later. */
  const ask = (...ids: string[]) => {
    const initiator: { found: string[] | null; error: unknown } = { found: null, error: null };
    find(...ids).then(
      (found) => {
        initiator.found = Array.from(found, (each) => each?.session.id ?? String(each));
      },
      (error: unknown) => {
        initiator.error = error;
      },
    );
    return initiator;
  };
  return { hand, store, find, ask, questions: hand.questions };
}

/** Returns a batched store over this `find`. */
export const storeThat = (find: (realm: string, refs: readonly SessionRef[]) => Awaitable<Found>): SessionStore =>
  batched({ find } as unknown as SessionStore);

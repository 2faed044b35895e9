/** A call as JavaScript makes it: nothing checks its arguments. */
export type Loose = (...args: unknown[]) => unknown;

/** A function, or an object of functions, without its types. */
export const untyped = <T>(api: T): T extends (...args: never[]) => unknown ? Loose : Record<keyof T, Loose> =>
  api as never;

/** A typical mistake of an app's developer, and what its message must say. */
export interface Mistake {
  /** What the developer did, as a sentence without its subject. */
  readonly title: string;
  /** Makes the mistake, which must throw or reject. */
  readonly make: () => unknown;
  /** The public call that the app made, as the message names it. */
  readonly call: string;
  /** What else the message says: the argument, what is wrong with it, what is allowed, what to do. */
  readonly says: readonly string[];
  /** What it must not tell. */
  readonly secrets: readonly string[];
}

export const mistake = (
  title: string,
  make: Mistake['make'],
  call: string,
  says: readonly string[],
  secrets: readonly string[] = [],
): Mistake => ({ title, make, call, says, secrets });

/** What was thrown, or rejected with; `undefined` where nothing was. */
export async function thrownBy(make: () => unknown): Promise<unknown> {
  try {
    await make();
    return undefined;
  } catch (error) {
    return error;
  }
}

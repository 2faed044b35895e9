/** A function without its types, as JavaScript sees it: TypeScript does not check the arguments. */
export type Loose = (...args: unknown[]) => unknown;

/** A function, or an object of functions, without its types. */
export const untyped = <T>(api: T): T extends (...args: never[]) => unknown ? Loose : Record<keyof T, Loose> =>
  api as never;

/** A typical mistake of an app's developer, and what its message must say. */
export interface Mistake {
  /** Completes the sentence "A developer who …". */
  readonly title: string;
  /** Makes the mistake, which must throw or reject. */
  readonly make: () => unknown;
  /** The public call, as the message names it. */
  readonly call: string;
  /** Further texts of the message: the argument, the fault, the allowed values, and advice. */
  readonly says: readonly string[];
  /** Texts that must not appear in the message or the stack. */
  readonly secrets: readonly string[];
}

export const mistake = (
  title: string,
  make: Mistake['make'],
  call: string,
  says: readonly string[],
  secrets: readonly string[] = [],
): Mistake => ({ title, make, call, says, secrets });

/** Returns the error that the call throws or rejects with. `undefined` if it succeeds. */
export async function thrownBy(make: () => unknown): Promise<unknown> {
  try {
    await make();
    return undefined;
  } catch (error) {
    return error;
  }
}

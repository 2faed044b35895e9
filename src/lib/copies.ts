// A registered symbol is the same in every copy of this package in a process, such as the ES module and CommonJS builds.
const MARK: unique symbol = Symbol.for('session-revocation.copy');

export const markMade = (prototype: object): void => void Object.defineProperty(prototype, MARK, { value: true });

/** Returns a hint for a message that refuses an instance from another copy of this package; an empty text for other values. */
export const otherCopy = (value: unknown): string =>
  typeof value === 'object' && value !== null && MARK in value
    ? '. It comes from another copy of session-revocation: this process has loaded two, one by import and one by require, or ' +
      'of two versions. Load the package in one way'
    : '';

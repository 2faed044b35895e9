export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const MAX_TEXT = 256;

/** Tells whether a value is text that the core takes as the name of a user or a session. */
export const isPlainText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && value.isWellFormed() && !CONTROL.test(value);

/** Parses JSON that is an object; `null` for any other text. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

import { isPlainObject } from '../../../src/adapter.ts';

/** Parses JSON that is an object; `null` for any other text. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : null;
  } catch {
    return null;
  }
}

const PARSED = new Map<string, unknown>();
const MOST_PARSED = 1024;
const LONGEST_PARSED = 128;

/**
 * The value of a JSON text. A short one is nearly always one of a few (`[]`, `{}`, `["pwd","otp"]`): it is parsed once,
 * and frozen, since it is shared.
 */
export function parseJson(text: string): unknown {
  const known = PARSED.get(text);
  if (known !== undefined) return known;
  const value: unknown = JSON.parse(text);
  if (text.length > LONGEST_PARSED) return value;
  if (PARSED.size >= MOST_PARSED) PARSED.clear();
  PARSED.set(text, freeze(value));
  return value;
}

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

/** Describes a value for an error message: its type and, of a plain object, the keys. The values may be secrets, so they are left out. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name: unknown = value.constructor?.name;
  const keys = Object.keys(value).slice(0, 5).join(', ');
  if (typeof name === 'string' && name !== '' && name !== 'Object') return `an instance of ${name.slice(0, 60)}`;
  return keys === '' ? 'an empty object' : `an object with ${keys.slice(0, 200)}`;
}

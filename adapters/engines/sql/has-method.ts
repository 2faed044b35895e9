/** Returns true if a client has a method of this name. Some clients are functions. */
export const hasMethod = (client: unknown, name: string): boolean =>
  ((typeof client === 'object' && client !== null) || typeof client === 'function') &&
  typeof (client as Readonly<Record<string, unknown>>)[name] === 'function';

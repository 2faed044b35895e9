/** True if a client has a method. Some clients are functions, not objects. */
export const hasMethod = (client: unknown, name: string): boolean =>
  ((typeof client === 'object' && client !== null) || typeof client === 'function') &&
  typeof (client as Readonly<Record<string, unknown>>)[name] === 'function';

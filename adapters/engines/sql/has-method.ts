/** Whether a client has a method of this name; some clients are functions themselves. */
export const hasMethod = (client: unknown, name: string): boolean =>
  ((typeof client === 'object' && client !== null) || typeof client === 'function') &&
  typeof (client as Readonly<Record<string, unknown>>)[name] === 'function';

/** Some clients are functions. */
export const hasMethod = (client: unknown, name: string): boolean =>
  ((typeof client === 'object' && client !== null) || typeof client === 'function') &&
  typeof (client as Readonly<Record<string, unknown>>)[name] === 'function';

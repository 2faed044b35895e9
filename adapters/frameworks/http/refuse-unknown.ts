/** A misspelt option must not pass for its default. */
export function refuseUnknown(name: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`${name} takes an object of options`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${name} has an unknown option ${JSON.stringify(unknown)}; known are ${known.join(', ')}`);
  }
}

/** What a record keeps of a visitor or user: all but the fields of the inner layer and the bridge. */
export function dataOf(record: object | null): object {
  const kept = Object.entries(record ?? {}).filter(([key]) => !/^(cookie|sessionRevocation|_.*)$/.test(key));
  return Object.fromEntries(kept);
}

/** Returns the app's data in a record, without the fields of the inner layer and the bridge. */
export function dataOf(record: object | null): object {
  const kept = Object.entries(record ?? {}).filter(([key]) => !/^(cookie|sessionRevocation|_.*)$/.test(key));
  return Object.fromEntries(kept);
}

/** Returns true if a record is kept at least until `keepUntil`. `null` means forever; `kept` is `undefined` if there is no record. */
export const isKept = (kept: number | null | undefined, keepUntil: number | null): boolean =>
  kept === null || (kept !== undefined && keepUntil !== null && kept >= keepUntil);

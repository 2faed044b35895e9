/**
 * How long a check of the schema version stays valid, in ms. An older process stops within this time after an upgrade.
 */
export const FRESH = 5_000;

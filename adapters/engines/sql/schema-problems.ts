/**
 * Describes a schema from which tables were dropped. `setup()` refuses it: creating the missing tables would hide the
 * data loss.
 */
export const dropped = (tables: readonly string[]): string =>
  `${tables.join(', ')} ${tables.length === 1 ? 'was' : 'were'} dropped, and other tables are still there`;

export const DROPPED: string =
  'restore them from a backup and call revoke({ realm: true }), or drop the other tables too and call setup(), which signs every ' +
  'user out';

export const tooNew = (version: number, known: number): string =>
  `the tables are of version ${version}; this version of the library knows up to ${known}`;

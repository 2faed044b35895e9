import { RecentChanges } from '../../../src/adapter.ts';

/**
 * The changes that the store made over this connection since it was opened. SQLite tells only that other connections
 * wrote, and not to which rows: after their writes, any tag may have changed. Call `note` within the transaction that
 * makes the change.
 */
export class OwnChanges extends RecentChanges {
  /** Last value of `PRAGMA data_version`, which each commit of another connection changes. */
  #version: unknown;

  /**
   * Notes that any tag may have changed, if another connection or other code has written. `version` is the present one.
   * `isOwn` is false if other code wrote over this connection.
   */
  compare(version: unknown, isOwn: boolean): void {
    if (version === this.#version && isOwn) return;
    this.#version = version;
    this.noteAll();
  }
}

import { RecentChanges } from '../../../src/adapter.ts';

/**
 * What a connection has changed since it was opened. SQLite tells only that other connections wrote, and not what: after one of their
 * writes, any tag may have changed. Call `note` within the transaction that makes the change.
 */
export class OwnChanges extends RecentChanges {
  /** Of `PRAGMA data_version`, which each commit of another connection changes. */
  #version: unknown;

  /** `version` is of now. `isOwn` is false if others wrote over the same connection. */
  compare(version: unknown, isOwn: boolean): void {
    if (version === this.#version && isOwn) return;
    this.#version = version;
    this.noteAll();
  }
}

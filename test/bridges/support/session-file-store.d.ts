/** Types for session-file-store 1.5, which has none of its own. */
declare module 'session-file-store' {
  import type session from 'express-session';

  interface FileStoreOptions {
    readonly path: string;
    /** How often the store retries to read a missing file. */
    readonly retries: number;
    /** The interval in seconds. -1 turns it off. */
    readonly reapInterval: number;
    logFn(line: string): void;
  }

  class FileStore extends session.Store {
    constructor(options: FileStoreOptions);
    get: session.Store['get'];
    set: session.Store['set'];
    destroy: session.Store['destroy'];
  }

  export default function fileStoreOf(layer: typeof session): typeof FileStore;
}

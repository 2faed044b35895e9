/** session-file-store 1.5, which has no types of its own. */
declare module 'session-file-store' {
  import type session from 'express-session';

  interface FileStoreOptions {
    readonly path: string;
    /** How often a file that is not there is looked for again. */
    readonly retries: number;
    /** In seconds; -1 is never. */
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

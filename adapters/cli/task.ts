import type { Command } from 'commander';
import { type AuditOptions, createSessions, type KindOptions, type Sessions } from '../../src/index.ts';
import { type Connection, connect, parseStoreUrl, type StoreUrl } from './connect.ts';
import { EXIT, messageOf } from './failure.ts';
import type { GlobalOptions } from './options.ts';
import { Output } from './output.ts';
import type { Terminal } from './terminal.ts';

/** How a command's `Sessions` differ from those that every command has. */
export interface SessionsSettings {
  /** How what the command does is written in the audit log. */
  readonly audit?: AuditOptions | undefined;
  /** Ms. */
  readonly retention?: number | undefined;
  readonly kinds?: Readonly<Record<string, KindOptions>> | undefined;
  /** Whether a SQLite file that is not there may be made. */
  readonly mayCreate?: boolean | undefined;
}

/** The longest that connections may take to be given back, in ms. */
const LONGEST_CLOSE = 2_000;

/** One run of one command: its options, its output, and the store that it is about. */
export class Task<Options extends object = object> {
  readonly options: Options & GlobalOptions;
  readonly terminal: Terminal;
  readonly out: Output;
  #connection: Connection | null = null;
  #sessions: Sessions | null = null;

  constructor(terminal: Terminal, options: Options & GlobalOptions) {
    this.terminal = terminal;
    this.options = options;
    this.out = new Output(terminal, options.json);
  }

  /** Where the store is. @throws `Refusal` where nobody said, or it is no store. */
  get url(): StoreUrl {
    return parseStoreUrl(this.options.store ?? this.terminal.env.SESSION_STORE_URL);
  }

  /** What the driver reported on the side. */
  get trouble(): unknown {
    return this.#connection?.trouble();
  }

  async connect(mayCreate = false): Promise<Connection> {
    this.#connection ??= await connect(this.url, { timeout: this.options.timeout, mayCreate });
    return this.#connection;
  }

  /**
   * The sessions of the realm. Whatever the store can keep is kept: the audit log and the policies. Lifetimes, limits,
   * replacement and triggers are the app's: they matter where a session is started, used or renewed: by no command.
   */
  async sessions(settings: SessionsSettings = {}): Promise<Sessions> {
    const { store } = await this.connect(settings.mayCreate);
    const { audit, policies } = store.powers ?? {};
    const sessions = createSessions({
      store,
      realm: this.options.realm,
      deadline: this.options.timeout,
      kinds: settings.kinds,
      retention: settings.retention,
      audit: audit !== undefined && (settings.audit ?? true),
      policy: policies === undefined ? null : 'stored',
    });
    sessions.on('background.failed', ({ operation, error }) => {
      this.out.note(`warning: ${operation} failed: ${messageOf(error)}`);
    });
    this.#sessions = sessions;
    return sessions;
  }

  /** Writes what is still to be written, and gives the connections back. Fails nothing: the work is done. */
  async close(): Promise<void> {
    const connection = this.#connection;
    try {
      await (this.#sessions === null ? connection?.store.close?.() : this.#sessions.close());
    } catch (error) {
      this.out.note(`warning: the store did not close: ${messageOf(error)}`);
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_CLOSE);
    });
    await Promise.race([connection?.close().catch(() => {}), late]).finally(() => clearTimeout(timer));
  }
}

/** What all commands of a run share. */
export interface Cli {
  readonly terminal: Terminal;
  /** Is told how the command ended. */
  finish(exitCode: number): void;
  /** Is told what the driver reported on the side, before the connection is gone. */
  trouble(trouble: unknown): void;
}

/** Gives a command its work: a function of its task and its arguments that may answer with an exit code. */
export function works<Options extends object>(
  command: Command,
  cli: Cli,
  work: (task: Task<Options>, ...words: string[]) => Promise<number> | Promise<void>,
): void {
  command.action(async (...given: unknown[]) => {
    // The arguments, then this command's options, then the command.
    const words = given.slice(0, -2) as string[];
    const task = new Task<Options>(cli.terminal, command.optsWithGlobals<Options & GlobalOptions>());
    try {
      const exitCode = await work(task, ...words);
      cli.finish(typeof exitCode === 'number' ? exitCode : EXIT.done);
    } finally {
      cli.trouble(task.trouble);
      await task.close();
    }
  });
}

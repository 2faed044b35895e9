import type { Command } from 'commander';
import { retell, withoutCall } from '../../src/adapter.ts';
import { type AuditOptions, createSessions, isSessionError, type KindOptions, type Sessions } from '../../src/index.ts';
import { EXIT, messageOf, Refusal } from './errors.ts';
import type { GlobalOptions } from './options.ts';
import { Output } from './output.ts';
import { type Connection, connect, parseStoreUrl, type StoreUrl } from './stores/connect.ts';
import { wrongServer } from './stores/what-answers.ts';
import type { Terminal } from './terminal.ts';

/** Settings of a command's `Sessions` that differ from the default. */
export interface SessionsSettings {
  /** How the command writes to the audit log. */
  readonly audit?: AuditOptions | undefined;
  /** Ms. */
  readonly retention?: number | undefined;
  readonly kinds?: Readonly<Record<string, KindOptions>> | undefined;
  /** A missing SQLite file may be created. */
  readonly mayCreate?: boolean | undefined;
}

/** Time limit for closing connections, in ms. */
const MAX_CLOSE = 2_000;

/** One run of one command: its options, its output, and its store. */
export class Task<Options extends object = object> {
  readonly options: Options & GlobalOptions;
  readonly terminal: Terminal;
  readonly out: Output;
  #connection: Connection | null = null;
  #sessions: Sessions | null = null;

  constructor({ terminal, hide }: Cli, options: Options & GlobalOptions) {
    this.terminal = terminal;
    this.options = options;
    this.out = new Output(terminal, options.json, hide);
  }

  /** The URL of the store. @throws `Refusal` without one, or for another kind of URL. */
  get url(): StoreUrl {
    return parseStoreUrl(this.options.store ?? this.terminal.env.SESSION_STORE_URL);
  }

  /** The last error that the driver emitted. */
  get trouble(): unknown {
    return this.#connection?.trouble();
  }

  async connect(mayCreate = false): Promise<Connection> {
    this.#connection ??= await connect(this.url, { timeout: this.options.timeout, mayCreate });
    return this.#connection;
  }

  /**
   * The sessions of the realm, with audit log and policies if the store has those powers. Lifetimes, limits, replacement and triggers are
   * missing: they matter only when a session is started, used or renewed, which no command does.
   */
  async sessions(settings: SessionsSettings = {}): Promise<Sessions> {
    const { store } = await this.connect(settings.mayCreate);
    const { audit, policies } = store.powers ?? {};
    const sessions = createSessions({
      store,
      realm: this.options.realm,
      timeout: this.options.timeout,
      kinds: settings.kinds,
      retention: settings.retention,
      audit: audit !== undefined && (settings.audit ?? true),
      policy: policies === undefined ? null : 'stored',
    });
    sessions.on('background.failed', ({ operation, error }) => {
      this.out.warn({ code: 'BACKGROUND_FAILED', message: `${operation} failed: ${messageOf(error)}` });
    });
    this.#sessions = sessions;
    return sessions;
  }

  /** The error to show. Misuse names the options as typed. A silent server may turn out to be one of another kind. */
  async explained(error: unknown): Promise<unknown> {
    if (isSessionError(error, 'SESSION_STORE_UNAVAILABLE')) {
      const wrong = await wrongServer(this.url, this.options.timeout);
      return wrong === null ? error : this.#withOptionNames(wrong);
    }
    return error instanceof TypeError || error instanceof Refusal ? this.#withOptionNames(error) : error;
  }

  /** The library's messages name arguments; users see options. The URL may come from `--store` or from a variable. */
  #withOptionNames(error: Error): Error {
    const store = this.options.store === undefined ? 'SESSION_STORE_URL' : '--store';
    const message = withoutCall(error)
      .replace(/^--store\b/, store)
      .replace(/^(?=(account|by|cursor|note|realm|reason|user) (is|has|must)\b)/, '--')
      .replace(/^audit\.names has an unknown option/, '--audit-name names an unknown event');
    retell(error, message);
    return error;
  }

  /** Finishes pending writes, and closes the connections. Never fails, because the command has done its work. */
  async close(): Promise<void> {
    const connection = this.#connection;
    try {
      await (this.#sessions === null ? connection?.store.close?.() : this.#sessions.close());
    } catch (error) {
      this.out.warn({ code: 'NOT_CLOSED', message: `the store did not close: ${messageOf(error)}` });
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_CLOSE);
    });
    await Promise.race([connection?.close().catch(() => {}), late]).finally(() => clearTimeout(timer));
  }
}

/** Shared by all commands of a run. */
export interface Cli {
  readonly terminal: Terminal;
  /** Removes passwords from a text. */
  hide(text: string): string;
  /** Receives the exit code. */
  finish(exitCode: number): void;
  /** Receives the last error that the driver emitted, before the connection closes. */
  trouble(trouble: unknown): void;
}

/** Makes the action of a command from a function of its task and its arguments, which may return an exit code. */
export function works<Options extends object>(
  command: Command,
  cli: Cli,
  work: (task: Task<Options>, ...words: string[]) => Promise<number> | Promise<void>,
): void {
  command.action(async (...given: unknown[]) => {
    // commander passes the arguments, then the options, then the command.
    const words = given.slice(0, -2) as string[];
    const task = new Task<Options>(cli, command.optsWithGlobals<Options & GlobalOptions>());
    try {
      const exitCode = await work(task, ...words);
      cli.finish(typeof exitCode === 'number' ? exitCode : EXIT.done);
    } catch (error) {
      throw await task.explained(error);
    } finally {
      cli.trouble(task.trouble);
      await task.close();
    }
  });
}

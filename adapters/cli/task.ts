import type { Command } from 'commander';
import { retell, withoutCall } from '../../src/adapter.ts';
import { type AuditOptions, createSessions, isSessionError, type KindOptions, type Sessions } from '../../src/index.ts';
import { EXIT, messageOf, Refusal } from './errors.ts';
import { type GlobalOptions, namesOf } from './options.ts';
import { Output } from './output.ts';
import { type Connection, connect, parseStoreUrl, type StoreUrl } from './stores/connect.ts';
import { wrongServer } from './stores/what-answers.ts';
import type { Terminal } from './terminal.ts';

export interface SessionsSettings {
  readonly audit?: AuditOptions | undefined;
  readonly retention?: number | undefined;
  readonly kinds?: Readonly<Record<string, KindOptions>> | undefined;
  readonly mayCreate?: boolean | undefined;
}

/** Time limit for closing connections, in ms. */
const MAX_CLOSE = 2_000;

/** One run of a command: its options, its store, and its output. */
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

  get url(): StoreUrl {
    return parseStoreUrl(this.options.store ?? this.terminal.env.SESSION_STORE_URL);
  }

  get trouble(): unknown {
    return this.#connection?.trouble();
  }

  async connect(mayCreate = false): Promise<Connection> {
    this.#connection ??= await connect(this.url, { timeout: this.options.timeout, mayCreate });
    return this.#connection;
  }

  /**
   * Makes the `Sessions` of the command. They have no lifetimes, limits and triggers, which only matter for a sign-in, a use or a renewal.
   * No command does these.
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
      audit: audit !== undefined && { ...settings.audit, outbox: this.#outbox },
      policy: policies === undefined ? null : 'stored',
    });
    sessions.on('background.failed', ({ operation, error }) => {
      this.out.warn({ code: 'BACKGROUND_FAILED', message: `${operation} failed: ${messageOf(error)}` });
    });
    this.#sessions = sessions;
    return sessions;
  }

  get #outbox(): readonly string[] | undefined {
    const { SESSION_OUTBOX: named } = this.terminal.env;
    return this.options.outbox ?? (named ? namesOf(named) : undefined);
  }

  /** Makes an error name the options of the command line. Also detects a server of another kind, if the store does not answer. */
  async explained(error: unknown): Promise<unknown> {
    if (isSessionError(error, 'SESSION_STORE_UNAVAILABLE')) {
      const wrong = await wrongServer(this.url, this.options.timeout);
      return wrong === null ? error : this.#withOptionNames(wrong);
    }
    return error instanceof TypeError || error instanceof Refusal ? this.#withOptionNames(error) : error;
  }

  /** Replaces the names of the library's arguments in a message. The URL may come from `--store` or from the environment. */
  #withOptionNames(error: Error): Error {
    const store = this.options.store === undefined ? 'SESSION_STORE_URL' : '--store';
    const message = withoutCall(error)
      .replace(/^--store\b/, store)
      .replace(/^(?=(account|by|cursor|note|realm|reason|user) (is|has|must)\b)/, '--')
      .replace(/^audit\.outbox\b/, '--outbox')
      .replace(/^audit\.names has an unknown option/, '--audit-name names an unknown event');
    retell(error, message);
    return error;
  }

  /** Finishes pending writes and closes the connections. Never fails, because the command has done its work. */
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

export interface Cli {
  readonly terminal: Terminal;
  hide(text: string): string;
  finish(exitCode: number): void;
  /** Receives the driver's last error before the connection closes. */
  trouble(trouble: unknown): void;
}

/** Makes the action of a command. `work` may return an exit code. */
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

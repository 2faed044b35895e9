export interface Terminal {
  readonly stdin: NodeJS.ReadableStream;
  /** Only for answers, which scripts read. A terminal has a width. */
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number | undefined };
  /** For questions, progress, warnings and errors. */
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True if `stdin` and `stderr` are a terminal. The command can then ask the user. */
  readonly isTty: boolean;
}

export const processTerminal = (): Terminal => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  isTty: process.stdin.isTTY === true && process.stderr.isTTY === true,
});

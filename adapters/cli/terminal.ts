/** The environment of a command: streams, variables, and a user who can be asked. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream;
  /** Only answers, which scripts read. Has a width if it is a terminal. */
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number | undefined };
  /** Questions, progress, warnings and errors. */
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A user can be asked and can watch progress: stdin and stderr are a terminal. */
  readonly isTty: boolean;
}

export const processTerminal = (): Terminal => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  isTty: process.stdin.isTTY === true && process.stderr.isTTY === true,
});

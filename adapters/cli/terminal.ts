/** What a command is typed into: the streams, the variables, and whether somebody is there. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream;
  /** Answers, and nothing else: what a script reads. Its width is known where it is a terminal. */
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number | undefined };
  /** Questions, progress, warnings and errors. */
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether somebody can be asked, and can watch progress: stdin and stderr are a terminal. */
  readonly isTty: boolean;
}

/** Of the present process. */
export const processTerminal = (): Terminal => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  isTty: process.stdin.isTTY === true && process.stderr.isTTY === true,
});

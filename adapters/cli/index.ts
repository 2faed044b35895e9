#!/usr/bin/env node
import { EXIT, messageOf } from './errors.ts';
import { Output } from './output.ts';
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

const words = process.argv.slice(2);
const terminal = processTerminal();
const out = new Output(terminal, words.includes('--json'));

/** Time in ms for the remaining connections to close. */
const MAX_LINGER = 2_000;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe, such as `| head`, closed it.
  if (error.code === 'EPIPE') process.exit();
  const message = `the answer could not be written: ${messageOf(error)}`;
  const exitCode = EXIT.failed;
  out.fail({ code: 'ANSWER_NOT_WRITTEN', exitCode, message, causes: [], advice: null, stacks: [] });
  process.exit(exitCode);
});

// Users of this program can do nothing about Node's warning that its SQLite is experimental.
process.removeAllListeners('warning');
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') out.warn({ code: 'NODE_WARNING', message });
});

process.exitCode = await run(words, terminal);
setTimeout(() => process.exit(), MAX_LINGER).unref();

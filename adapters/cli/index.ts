#!/usr/bin/env node
import { EXIT, messageOf } from './failure.ts';
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

/** How long a connection that was not given back may keep the process, in ms. */
const LONGEST_LINGERING = 2_000;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads the answer may have seen enough (`| head`): then there is nobody left to tell.
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`error: the answer could not be written: ${messageOf(error)}\n`);
  process.exit(EXIT.failed);
});

// That Node calls its SQLite experimental is nothing that a user of this program could do anything about.
process.removeAllListeners('warning');
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') process.stderr.write(`warning: ${message}\n`);
});

process.exitCode = await run(process.argv.slice(2), processTerminal());
setTimeout(() => process.exit(), LONGEST_LINGERING).unref();

#!/usr/bin/env node
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

/** How long a connection that was not given back may keep the process, in ms. */
const LONGEST_LINGERING = 2_000;

// Whoever reads the answer may have seen enough (`| head`): then there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// That Node calls its SQLite experimental is nothing that a user of this program could do anything about.
process.removeAllListeners('warning');
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') process.stderr.write(`warning: ${message}\n`);
});

process.exitCode = await run(process.argv.slice(2), processTerminal());
setTimeout(() => process.exit(), LONGEST_LINGERING).unref();

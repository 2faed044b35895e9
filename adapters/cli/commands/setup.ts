import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { SessionStore } from '../../../src/index.ts';
import { diagnose } from '../diagnose.ts';
import { realmsOf, realmsText } from '../realms.ts';
import { type Cli, type Task, works } from '../task.ts';

export function addSetup(program: Command, cli: Cli): void {
  const command = program
    .command('setup')
    .summary('make or upgrade the tables, and check the engine')
    .description(
      'Makes or upgrades the tables of the store, and checks that its engine is safe. Several processes may run it, at ' +
        'any time and again. It leaves existing tables as they are. You do not need it if a migration tool does this.',
    )
    .addHelpText('after', '\nExample:\n  $ session-revocation setup --store postgres://deploy@db.internal/app');
  works(command, cli, setup);
}

async function setup(task: Task): Promise<void> {
  const { url, out } = task;
  const isNew = url.engine === 'sqlite' && !existsSync(url.file);
  const sessions = await task.sessions({ mayCreate: true });
  const { store } = await task.connect();
  const schema = (): Promise<string | null> => schemaOf(store, task.options.timeout);
  const before = isNew ? 'there was no file' : await schema();
  await sessions.setup();
  const after = await schema();
  const realms = await realmsOf(task);
  out.answer({ store: url.name, ready: true, before, after, realms }, () => [
    `${url.name} is ready.`,
    ...(before === null || before === after ? [] : [`before: ${before}`]),
    ...(after === null ? [] : [`now:    ${after}`]),
    ...(realms === null ? [] : [`realms: ${realmsText(realms)}`]),
  ]);
}

async function schemaOf(store: SessionStore, timeout: number): Promise<string | null> {
  const findings = await diagnose(store, timeout);
  return findings.find(({ subject }) => subject === 'schema')?.found ?? null;
}

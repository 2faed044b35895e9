import type { Command } from 'commander';
import { type Finding, isSessionError, type SessionError } from '../../../src/index.ts';
import { diagnose, type Latency, latencyFinding, measure } from '../diagnosis.ts';
import { EXIT } from '../failure.ts';
import type { Column } from '../table.ts';
import { type Cli, type Task, works } from '../task.ts';

export function addDoctor(program: Command, cli: Cli): void {
  const command = program
    .command('doctor')
    .summary('look at the store: whether sessions are safe there, and how fast it answers')
    .description(
      'Looks at the store and at its engine, changing nothing: the version, the tables, rights, durability,' +
        ' eviction, clocks, as far as the engine has them, and how long a look-up takes from here. Exit code ' +
        '1 where something is a problem (sessions would be lost, or come back); a warning works, and could be' +
        ' safer.',
    )
    .addHelpText('after', '\nExample:\n  $ session-revocation doctor --store redis://cache.internal:6379');
  works(command, cli, doctor);
}

async function doctor(task: Task): Promise<number> {
  const { url, out, options } = task;
  const { store } = await task.connect();
  const sessions = await task.sessions();
  const diagnosed = await diagnose(store, options.timeout);
  let latency: Latency | null = null;
  let last: Finding;
  try {
    latency = await measure(sessions);
    last = latencyFinding(latency);
  } catch (error) {
    // What the engine said of itself is worth more than the look-up that failed, but it must be there.
    if (diagnosed.length === 0 || !isSessionError(error)) throw error;
    last = failedLookup(error, diagnosed);
  }
  const findings = [...diagnosed, last];
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  out.answer({ store: url.name, realm: options.realm, problems, warnings, latency, findings }, () => [
    url.name,
    ...out.table(COLUMNS).lines(findings),
    // Of several nodes, mostly the same is to be done.
    ...new Set(findings.flatMap(({ subject, advice }) => (advice === null ? [] : [`${subject}: ${advice}`]))),
    problems + warnings === 0 ? 'All is well.' : `problems: ${problems}, warnings: ${warnings}`,
  ]);
  return problems === 0 ? EXIT.done : EXIT.failed;
}

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'LEVEL', cell: ({ level }) => level },
  { title: 'SUBJECT', cell: ({ subject }) => subject },
  { title: 'FOUND', cell: ({ found }) => found },
];

/** Where the diagnosis has found a problem already, it is most likely the same one. */
function failedLookup({ message, code }: SessionError, diagnosed: readonly Finding[]): Finding {
  const told = diagnosed.some(({ level }) => level === 'problem');
  const found = told ? `a look-up fails: ${code}` : `a look-up fails: ${message} (${code})`;
  return { subject: 'latency', level: 'problem', found, advice: told ? null : 'do it again with --debug' };
}

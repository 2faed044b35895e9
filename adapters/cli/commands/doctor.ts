import type { Command } from 'commander';
import type { Finding, RealmsFound } from '../../../src/adapter.ts';
import { isSessionError, type SessionError } from '../../../src/index.ts';
import { diagnose, type Latency, latencyFinding, measure } from '../diagnose.ts';
import { EXIT } from '../errors.ts';
import { realmsOf, realmsText } from '../realms.ts';
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
    // The engine's diagnosis, if there is one, says more than the failed look-up.
    if (diagnosed.length === 0 || !isSessionError(error)) throw error;
    last = failedLookup(error, diagnosed);
  }
  const realms = await realmsOf(task);
  const findings = [...diagnosed, ...(realms === null ? [] : [realmsFinding(realms, options.realm)]), last];
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  out.answer({ store: url.name, realm: options.realm, realms, problems, warnings, latency, findings }, () => [
    url.name,
    ...out.table(COLUMNS).lines(findings),
    // Several nodes mostly need the same remedy.
    ...new Set(findings.flatMap(({ subject, advice }) => (advice === null ? [] : [`${subject}: ${advice}`]))),
    problems + warnings === 0 ? 'All is well.' : `problems: ${problems}, warnings: ${warnings}`,
  ]);
  return problems === 0 ? EXIT.done : EXIT.failed;
}

/** A realm without sessions is probably misspelt if other realms have sessions. */
function realmsFinding(found: RealmsFound, realm: string): Finding {
  const { realms, complete } = found;
  const text = `${realmsText(found)}; asked about: ${realm}`;
  if (!complete || realms.length === 0 || realms.includes(realm)) {
    return { subject: 'realms', level: 'ok', found: text, advice: null };
  }
  const advice = `nothing is kept of the realm ${realm}: give the app's name of it by --realm or SESSION_REALM`;
  return { subject: 'realms', level: 'warning', found: text, advice };
}

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'LEVEL', cell: ({ level }) => level },
  { title: 'SUBJECT', cell: ({ subject }) => subject },
  { title: 'FOUND', cell: ({ found }) => found },
];

/** Returns the finding for a failed look-up. It gives no advice if the diagnosis has found a problem, which is probably the cause. */
function failedLookup({ message, code }: SessionError, diagnosed: readonly Finding[]): Finding {
  const isDiagnosed = diagnosed.some(({ level }) => level === 'problem');
  const found = isDiagnosed ? `a look-up fails: ${code}` : `a look-up fails: ${message} (${code})`;
  return { subject: 'latency', level: 'problem', found, advice: isDiagnosed ? null : 'do it again with --debug' };
}

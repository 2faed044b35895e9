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
    .summary('check the store: are sessions safe there, and how fast does it answer')
    .description(
      'Checks the store and its engine, and changes nothing: the version, tables, rights, durability, eviction and ' +
        'clocks, as far as the engine has them, and the duration of look-ups from here. Exits with code 1 for a ' +
        'problem, which loses sessions or brings them back. A warning works, and could be safer.',
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
    // If there is a diagnosis of the engine, report it: it says more than the failed look-up.
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
    // Several nodes often need the same remedy.
    ...new Set(findings.flatMap(({ subject, advice }) => (advice === null ? [] : [`${subject}: ${advice}`]))),
    problems + warnings === 0 ? 'No problems found.' : `problems: ${problems}, warnings: ${warnings}`,
  ]);
  return problems === 0 ? EXIT.done : EXIT.failed;
}

/** Reports the realms in the store. If only other realms have sessions, the name of this realm is probably misspelt. */
function realmsFinding(found: RealmsFound, realm: string): Finding {
  const { realms, complete } = found;
  const text = `${realmsText(found)}; asked about: ${realm}`;
  if (!complete || realms.length === 0 || realms.includes(realm)) {
    return { subject: 'realms', level: 'ok', found: text, advice: null };
  }
  const advice = `the store has no sessions of the realm ${realm}: name the realm as the app does, with --realm or SESSION_REALM`;
  return { subject: 'realms', level: 'warning', found: text, advice };
}

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'LEVEL', cell: ({ level }) => level },
  { title: 'SUBJECT', cell: ({ subject }) => subject },
  { title: 'FOUND', cell: ({ found }) => found },
];

/** Reports that a look-up failed. Gives no advice if the diagnosis has found a problem, because that is the probable cause. */
function failedLookup({ message, code }: SessionError, diagnosed: readonly Finding[]): Finding {
  const isDiagnosed = diagnosed.some(({ level }) => level === 'problem');
  const found = isDiagnosed ? `a look-up fails: ${code}` : `a look-up fails: ${message} (${code})`;
  return { subject: 'latency', level: 'problem', found, advice: isDiagnosed ? null : 'try again with --debug' };
}

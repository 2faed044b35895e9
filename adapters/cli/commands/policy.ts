import { type Command, Option } from 'commander';
import type { Policy } from '../../../src/index.ts';
import {
  type AttributionOptions,
  addAttributionOptions,
  attributionOf,
  auditOf,
  type GlobalOptions,
} from '../options.ts';
import { type Cli, type Task, works } from '../task.ts';

interface GetOptions {
  readonly account: string;
}

interface SetOptions extends GetOptions, AttributionOptions {
  readonly signOut: Policy['signOut'];
  readonly dryRun: boolean;
}

export function addPolicy(program: Command, cli: Cli): void {
  const policy = program
    .command('policy')
    .summary('show or set what a plain sign-out ends in an account: `policy get`, `policy set`')
    .description(
      "A plain sign-out in an account ends that session, or all of the user's sessions there. The policy applies if the " +
        "app has the option policy: 'stored'.",
    );

  const get = policy
    .command('get')
    .description('Shows the policy of an account.')
    .requiredOption('--account <id>', 'the account')
    .addHelpText('after', '\nExample:\n  $ session-revocation policy get --account acme');
  works(get, cli, getPolicy);

  const set = policy
    .command('set')
    .description('Sets the policy of an account. It applies from the next sign-out on, and ends no session itself.')
    .requiredOption('--account <id>', 'the account')
    .addOption(
      new Option('--sign-out <what>', 'what a plain sign-out ends')
        .choices(['session', 'everywhere'])
        .makeOptionMandatory(),
    )
    .option('--dry-run', 'only show the change', false);
  addAttributionOptions(set).addHelpText(
    'after',
    '\nExample:\n  $ session-revocation policy set --account acme --sign-out everywhere --note "their security review"',
  );
  works(set, cli, setPolicy);
}

const sentence = ({ account, realm }: GetOptions & GlobalOptions, { signOut }: Policy): string =>
  signOut === 'session'
    ? `In account ${account} of the realm ${realm}, signing out ends that session.`
    : `In account ${account} of the realm ${realm}, signing out ends all of the user's sessions there.`;

async function getPolicy(task: Task<GetOptions>): Promise<void> {
  const { account, realm } = task.options;
  const sessions = await task.sessions();
  const policy = await sessions.policy(account);
  task.out.answer({ realm, account, policy }, () => [sentence(task.options, policy)]);
}

async function setPolicy(task: Task<SetOptions>): Promise<void> {
  const { account, signOut, dryRun, realm } = task.options;
  const sessions = await task.sessions({ audit: auditOf(task.options) });
  if (dryRun) {
    const before = await sessions.policy(account);
    const wouldChange = before.signOut !== signOut;
    task.out.answer({ realm, account, changed: false, wouldChange, policy: before }, () => [
      wouldChange
        ? `This would change it to: ${sentence(task.options, { signOut })}`
        : `No change: ${sentence(task.options, before)}`,
    ]);
    return;
  }
  const { changed, policy } = await sessions.setPolicy(account, { signOut }, attributionOf(task.options));
  task.out.answer({ realm, account, changed, policy }, () => [
    `${changed ? 'Changed' : 'No change'}: ${sentence(task.options, policy)}`,
  ]);
}

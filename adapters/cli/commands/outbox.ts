import { type Command, Option } from 'commander';
import { type AccessEvent, adapterHandle, type OutboxMessage, type RealmOutbox } from '../../../src/adapter.ts';
import { formatState, parseState } from '../../transmitters/message-state.ts';
import { deadQueue } from '../../transmitters/queue-worker.ts';
import { Refusal } from '../errors.ts';
import { addPageOptions, type PageOptions } from '../options.ts';
import { counted } from '../output.ts';
import { printPages } from '../pages.ts';
import type { Column } from '../table.ts';
import { type Cli, type Task, works } from '../task.ts';
import { localTime, relativeTime } from '../times.ts';

interface QueueOptions {
  readonly receiver: string;
}

interface ShowOptions extends PageOptions, QueueOptions {
  readonly dead: boolean;
}

interface MessageOptions extends QueueOptions {
  readonly id?: string;
  readonly all: boolean;
}

interface DropOptions extends MessageOptions {
  readonly waiting: boolean;
}

interface Waiting {
  readonly receiver: string;
  readonly waiting: number;
  readonly dead: number;
}

/** A message as the command shows it. */
interface Shown extends Pick<OutboxMessage, 'id' | 'at'> {
  readonly event: Partial<AccessEvent>;
  readonly attempts: number;
  readonly error: string | null;
}

const AT_ONCE = 100;
const DEFAULT_LIMIT = 100;

export function addOutbox(program: Command, cli: Cli): void {
  const outbox = program
    .command('outbox')
    .summary('messages for other systems: `outbox list`, `outbox show`, `outbox resend`, `outbox drop`')
    .description(
      'With the option audit.outbox, each revocation is queued for other systems. A message that a receiver refused for ' +
        'good, or too often, is set aside: it is dead until you send it again or drop it.',
    );

  const list = outbox
    .command('list')
    .description('Counts the messages of each receiver.')
    .addHelpText('after', '\nExample:\n  $ session-revocation outbox list');
  works(list, cli, listQueues);

  const show = receiverOption(
    outbox.command('show').description('Shows the messages of a receiver in the order of delivery, the oldest first.'),
  ).option('--dead', 'the messages that were set aside', false);
  addPageOptions(show, 'messages').addHelpText(
    'after',
    '\nExample:\n  $ session-revocation outbox show --receiver billing --dead',
  );
  works(show, cli, showMessages);

  const resend = messageOptions(
    outbox
      .command('resend')
      .description('Queues dead messages once more, behind the messages that wait. They keep their ids.'),
  ).addHelpText('after', '\nExample:\n  $ session-revocation outbox resend --receiver billing --all');
  works(resend, cli, resendMessages);

  const drop = messageOptions(
    outbox.command('drop').description('Removes dead messages. The receiver never learns of these events.'),
  )
    .option('--waiting', 'messages that wait in place of dead ones, such as those of a receiver that is gone', false)
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  $ session-revocation outbox drop --receiver billing --id Jv8x0rT5u2mDk1WqZbN7cA\n' +
        '  $ session-revocation outbox drop --receiver former --waiting --all',
    );
  works(drop, cli, dropMessages);
}

const receiverOption = (command: Command): Command =>
  command.requiredOption('--receiver <name>', 'the receiver, as the app names it in audit.outbox');

const messageOptions = (command: Command): Command =>
  receiverOption(command)
    .addOption(new Option('--id <id>', 'one message, by the id of `outbox show --dead`').conflicts('all'))
    .addOption(new Option('--all', 'all dead messages of the receiver').default(false));

const outboxOf = async (task: Task): Promise<RealmOutbox> => adapterHandle(await task.sessions()).outbox;

async function listQueues(task: Task): Promise<void> {
  const { realm } = task.options;
  const counts = await (await outboxOf(task)).count();
  const names = new Set([...counts.keys()].map((name) => name.replace(/\.dead$/, '')));
  const receivers: Waiting[] = [...names].sort().map((receiver) => ({
    ...{ receiver, waiting: counts.get(receiver) ?? 0, dead: counts.get(deadQueue(receiver)) ?? 0 },
  }));
  task.out.answer({ realm, receivers }, () =>
    receivers.length === 0
      ? [`No messages wait in the realm ${realm}.`]
      : task.out.table(QUEUE_COLUMNS).lines(receivers),
  );
}

const QUEUE_COLUMNS: readonly Column<Waiting>[] = [
  { title: 'RECEIVER', cell: ({ receiver }) => receiver },
  { title: 'WAITING', cell: ({ waiting }) => waiting.toLocaleString('en') },
  { title: 'DEAD', cell: ({ dead }) => dead.toLocaleString('en') },
];

async function showMessages(task: Task<ShowOptions>): Promise<void> {
  const { receiver, dead, realm } = task.options;
  const outbox = await outboxOf(task);
  await printPages<Shown, { readonly messages: readonly Shown[]; readonly cursor: string | null }>(task, {
    async ask({ cursor, limit = DEFAULT_LIMIT }) {
      const { messages, after } = await outbox.read(dead ? deadQueue(receiver) : receiver, limit, cursor);
      return { messages: messages.map(shown), cursor: after };
    },
    pageOf: ({ messages, cursor }) => ({ rows: messages, cursor }),
    columns: messageColumns(Date.now()),
    none: async () => [`the receiver ${receiver} has no ${dead ? 'dead ' : ''}messages in the realm ${realm}.`],
  });
}

function shown({ id, at, body, state }: OutboxMessage): Shown {
  const { attempts, error } = parseState(state);
  return { id, at, event: eventOf(body), attempts, error };
}

function eventOf(body: string): Partial<AccessEvent> {
  try {
    return JSON.parse(body) as Partial<AccessEvent>;
  } catch {
    return {};
  }
}

const messageColumns = (now: number): readonly Column<Shown>[] => [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'AT', cell: ({ at }) => localTime(at), short: ({ at }) => relativeTime(at, now) },
  { title: 'TYPE', cell: ({ event }) => event.type ?? null },
  { title: 'ABOUT', cell: ({ event }) => aboutOf(event), cut: true },
  { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts) },
  { title: 'ERROR', cell: ({ error }) => error, cut: true },
];

function aboutOf({ user, account, session, token }: Partial<AccessEvent>): string {
  const parts = [
    user && `user ${user}`,
    account && `account ${account}`,
    session && `session ${session}`,
    token && `${token.claim} ${token.value} of ${token.issuer}`,
  ].filter(Boolean);
  return parts.length === 0 ? 'realm' : parts.join(', ');
}

async function resendMessages(task: Task<MessageOptions>): Promise<void> {
  const { receiver, realm } = task.options;
  // The attempts begin anew. The last error stays, so that `outbox show` tells why it is sent again.
  const changed = await change(task, deadQueue(receiver), ({ state }) => ({
    state: formatState({ attempts: 0, lease: null, pause: 0, error: parseState(state).error }),
    to: receiver,
  }));
  task.out.answer({ realm, receiver, resent: changed }, () => [
    `${counted(changed, 'message')} of the receiver ${receiver} will be delivered again.`,
  ]);
}

async function dropMessages(task: Task<DropOptions>): Promise<void> {
  const { receiver, realm, waiting } = task.options;
  const changed = await change(task, waiting ? receiver : deadQueue(receiver), () => ({ state: null }));
  task.out.answer({ realm, receiver, dropped: changed }, () => [
    `Removed ${counted(changed, waiting ? 'waiting message' : 'dead message')} of the receiver ${receiver}.`,
  ]);
}

/** Changes the messages that the options select. Returns how many. Skips messages that another process changes meanwhile. */
async function change(
  task: Task<MessageOptions>,
  queue: string,
  changeOf: (message: OutboxMessage) => { readonly state: string | null; readonly to?: string },
): Promise<number> {
  const { id: wanted, all } = task.options;
  if (wanted === undefined && !all) throw new Refusal('name a message by --id, or all of them by --all', 'MISUSE');
  const outbox = await outboxOf(task);
  let [changed, after]: [number, string | null] = [0, null];
  do {
    const page = await outbox.read(queue, AT_ONCE, after);
    for (const message of page.messages) {
      if (wanted !== undefined && message.id !== wanted) continue;
      const { id, state: ifState } = message;
      if (await outbox.change({ queue, id, ifState, ...changeOf(message) })) changed++;
    }
    ({ after } = page);
  } while (after !== null);
  if (changed === 0 && wanted !== undefined) {
    throw new Refusal(`the queue ${queue} has no message ${wanted}`, 'REFUSED');
  }
  return changed;
}

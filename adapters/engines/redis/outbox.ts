import type { OutboxChange, OutboxMessage, OutboxPage, OutboxPower, Tag } from '../../../src/adapter.ts';
import type { Context } from './context.ts';
import { positionsOf, walk } from './indexes/scan.ts';
import { enterQueue, parseMessage } from './rows/message.ts';
import { CHANGE_MESSAGE } from './scripts/outbox.ts';
import { Call } from './scripts/script.ts';

const CHUNK = 200;

/** The queues of a realm are in its slot, as its log is. On a cluster, relayed entries arrive before they are read. */
export const outboxPower = (context: Context): OutboxPower => {
  const { readiness } = context;
  return {
    read: (page) => readiness.ask(() => readQueue(context, page)),
    change: (change) => readiness.ask(() => changeMessage(context, change)),
    queues: (realm) => readiness.ask(() => countQueues(context, realm)),
    prune: (before, limit) => readiness.ask(() => prune(context, before, limit)),
  };
};

async function readQueue(
  { server, keys, journal }: Context,
  { realm, queue, after, limit }: OutboxPage,
): Promise<{ readonly messages: readonly OutboxMessage[]; readonly after: string | null }> {
  await journal.settle(realm);
  const { order } = keys.queue(realm, queue);
  const range = [`(${after ?? 0}`, '+inf', 'BYSCORE', 'LIMIT', '0', String(limit + 1), 'WITHSCORES'];
  const places = positionsOf(await server.ask(order, 'ZRANGE', order, ...range));
  const page = places.slice(0, limit);
  const found = await messagesOf(
    { server, keys },
    { realm, queue },
    page.map(({ member }) => member),
  );
  const messages = found.map(({ keepUntil: _, ...message }) => message);
  return { messages, after: places.length > limit ? String(page.at(-1)?.score) : null };
}

/** Reads messages by their ids. Leaves out those that were removed meanwhile. */
async function messagesOf(
  { server, keys }: Pick<Context, 'server' | 'keys'>,
  { realm, queue }: Pick<OutboxPage, 'realm' | 'queue'>,
  ids: readonly string[],
): Promise<readonly (OutboxMessage & { readonly keepUntil: number })[]> {
  if (ids.length === 0) return [];
  const { messages, states } = keys.queue(realm, queue);
  const [texts, noted] = (await Promise.all(
    [messages, states].map((hash) => server.ask(hash, 'HMGET', hash, ...ids)),
  )) as [(string | null)[], (string | null)[]];
  return ids.flatMap((id, nth) => {
    const text = texts[nth];
    if (text === null || text === undefined) return [];
    const [at, keepUntil, body] = parseMessage(text);
    return [{ id, at, body, state: noted[nth] ?? '', keepUntil }];
  });
}

async function changeMessage(
  { server, keys }: Pick<Context, 'server' | 'keys'>,
  { realm, queue, id, ifState, state, to }: OutboxChange,
): Promise<boolean> {
  const { places, names } = keys.queues(realm);
  const call = enterQueue(new Call().key(places, names), keys, realm, queue);
  const what = state === null ? 'remove' : to === undefined ? 'note' : 'move';
  call.arg(id, ifState, what, state ?? '');
  if (what === 'move' && to !== undefined) enterQueue(call, keys, realm, to);
  return Number(await server.run(CHANGE_MESSAGE, call)) === 1;
}

async function countQueues(
  { server, keys, journal }: Context,
  realm: Tag,
): Promise<readonly { readonly queue: string; readonly messages: number }[]> {
  await journal.settle(realm);
  const counts = await Promise.all(
    (await namesOf({ server, keys }, realm)).map(async (queue) => {
      const { order } = keys.queue(realm, queue);
      return { queue, messages: Number(await server.ask(order, 'ZCARD', order)) };
    }),
  );
  return counts.filter(({ messages }) => messages > 0);
}

async function namesOf({ server, keys }: Pick<Context, 'server' | 'keys'>, realm: Tag): Promise<readonly string[]> {
  const { names } = keys.queues(realm);
  return (await server.ask(names, 'SMEMBERS', names)) as string[];
}

async function prune(context: Context, before: number, limit: number): Promise<number> {
  const { server, keys, journal } = context;
  let pruned = 0;
  for (const realm of await journal.realms()) {
    await journal.settle(realm);
    for (const queue of await namesOf(context, realm)) {
      for await (const places of walk(server, keys.queue(realm, queue).order, { direction: 'up', chunk: CHUNK })) {
        const ids = places.map(({ member }) => member);
        const due = (await messagesOf(context, { realm, queue }, ids)).filter(({ keepUntil }) => keepUntil < before);
        for (const { id, state: ifState } of due) {
          if (pruned === limit) return pruned;
          if (await changeMessage(context, { realm, queue, id, ifState, state: null })) pruned++;
        }
      }
    }
  }
  return pruned;
}

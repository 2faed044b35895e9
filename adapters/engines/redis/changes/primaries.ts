import type { Server } from '../connection.ts';
import { type Confirmation, requirePrimary, standingQuestion } from '../replication.ts';
import { parseInfo } from '../server.ts';
import type { Reply } from './resp3.ts';
import type { Tracking } from './tracking.ts';

/** The address at which a primary listens, as the server tells it. */
export interface RedisAddress {
  /** Host name or IP address, without brackets. Empty if the server does not tell it. */
  readonly host: string;
  /** TCP port. 0 if the server does not tell it. */
  readonly port: number;
}

/** A server that the store's client uses. */
export interface Primary {
  /** Random: the id of a cluster's node, or of one run of a server. */
  readonly id: string;
  address(): Promise<RedisAddress>;
}

/** Returns the command whose reply contains the {@link Primary.id} of the server. */
export const whoAreYou = ({ isCluster }: Server): readonly string[] =>
  isCluster ? ['CLUSTER', 'MYID'] : ['INFO', 'server'];

export const idIn = ({ isCluster }: Server, reply: unknown): string | undefined =>
  isCluster ? String(reply) : parseInfo(reply).get('run_id');

export async function primariesOf(server: Server): Promise<readonly Primary[]> {
  if (server.isCluster) return ownersIn(await server.ask(null, 'CLUSTER', 'SLOTS'));
  const id = idIn(server, await server.ask(null, ...whoAreYou(server)));
  if (id === undefined) throw new Error('Redis does not tell its run_id');
  return [{ id, address: async () => addressIn(await server.ask(null, 'CLIENT', 'INFO')) }];
}

function addressIn(clientInfo: unknown): RedisAddress {
  const [, host = '', port = ''] = / laddr=\[?([^ ]*?)\]?:(\d+) /.exec(String(clientInfo)) ?? [];
  return { host, port: Number(port) };
}

/** Ranges of slots and their primaries, in any order. */
type Slots = readonly (readonly [
  from: unknown,
  to: unknown,
  primary: readonly [host: unknown, port: unknown, id: unknown],
])[];

function ownersIn(slots: unknown): readonly Primary[] {
  const owners = new Map<string, Primary>();
  for (const [, , [host, port, id]] of slots as Slots) {
    const address = { host: String(host ?? ''), port: Number(port) };
    owners.set(String(id), { id: String(id), address: async () => address });
  }
  return [...owners.values()];
}

const SLOTS = 16_384;

/**
 * Asks all primaries for their state at once, and returns it as a text. If the text is the same as the last time, no
 * other server can have accepted writes in between.
 *
 * In a cluster, the nodes must agree which of them serves which slot. The text contains the cluster's epoch, so it also
 * differs if a slot has moved away and back.
 *
 * @throws unless each server is a primary, and each slot is served by one of them.
 */
export async function standingOf(
  server: Server,
  confirmation: Confirmation | null,
  tracked: ReadonlyMap<string, Tracking>,
): Promise<string> {
  const more = server.isCluster ? [['CLUSTER', 'SLOTS'] as const, ['CLUSTER', 'INFO'] as const] : [];
  const ask = async (tracking: Tracking): Promise<string> => {
    const [standing, slots, info] = await tracking.ask(standingQuestion(confirmation), ...more);
    try {
      requirePrimary(standing, confirmation);
      return server.isCluster ? clusterState(slots, info) : '';
    } catch (error) {
      // Ends the connection, so that any tag counts as changed. A later reply would not show the state in between.
      tracking.close();
      throw error;
    }
  };
  // Waits for all answers, because each connection takes one question at a time.
  const answers = await Promise.allSettled([...tracked.values()].map(ask));
  const states = answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  });
  const [state = ''] = states;
  if (states.some((other) => other !== state)) throw new Error('the nodes of the cluster do not agree on the slots');
  if (server.isCluster && !ownersNamedIn(state).every((id) => tracked.has(id))) {
    throw new Error('a slot is served by a node that was not asked');
  }
  return state;
}

type State = readonly [epoch: string, slots: readonly (readonly [from: number, to: number, id: string])[]];

function clusterState(slots: Reply | undefined, clusterInfo: Reply | undefined): string {
  const info = parseInfo(clusterInfo);
  if (info.get('cluster_state') !== 'ok') throw new Error('a node of the cluster is cut off from the others');
  const ranges = (slots as unknown as Slots).map(
    ([from, to, [, , id]]) => [Number(from), Number(to), String(id)] as const,
  );
  if (ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0) !== SLOTS) {
    throw new Error('the cluster does not serve all slots');
  }
  const state: State = [info.get('cluster_current_epoch') ?? '', ranges.sort(([one], [other]) => one - other)];
  return JSON.stringify(state);
}

const ownersNamedIn = (state: string): readonly string[] => (JSON.parse(state) as State)[1].map(([, , id]) => id);

import type { DiagnosisPower, Finding } from '../../../src/adapter.ts';
import { isSessionError } from '../../../src/index.ts';
import { clockFinding, ok, problem, warning } from '../shared/finding.ts';
import type { WhenLost } from './clients/client.ts';
import type { Server } from './connection.ts';
import type { Context } from './context.ts';
import { lossOnRestart } from './durability.ts';
import { missingRights, RIGHTS } from './rights.ts';
import { isNewEnough, parseInfo, SAFE_POLICY, type ServerInfo } from './server.ts';
import { READS_WHEN_DOWN, settingsOf } from './settings.ts';
import { requireKeys } from './setup.ts';
import { listRealms } from './verbs/users.ts';

const LOST: Readonly<Record<Exclude<WhenLost, 'fail'>, string>> = {
  resent: 'a command whose answer was lost is sent again otherwise, long after its caller gave up',
  unanswered: 'a command whose answer was lost is waited for otherwise until the timeout',
};

/** Does not wait until the store is ready: an unsafe server is reported, too. */
export const diagnosisPower = (context: Context): DiagnosisPower => ({
  async diagnose(now) {
    context.readiness.requireOpen();
    return diagnose(context, now);
  },
  clock: () => context.readiness.ask(() => readClock(context.server)),
  realms: (limit) => context.readiness.ask(() => listRealms(context, limit)),
});

async function readClock(server: Server): Promise<number> {
  const [seconds, micros] = (await server.ask(null, 'TIME')) as [string, string];
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

async function diagnose(context: Context, now: number): Promise<readonly Finding[]> {
  const { server } = context;
  const began = performance.now();
  const schema = await schemaFinding(context);
  const took = performance.now() - began;
  const clock = await clockFindings(server, now + took);
  const answers = await server.askAll('INFO');
  const servers = answers.map(({ node, reply }) => ({ node, info: parseInfo(reply) }));
  const [appendfsync, readsWhenDown] = await Promise.all([
    settingsOf(server, 'appendfsync'),
    server.isCluster ? settingsOf(server, READS_WHEN_DOWN) : [],
  ]);
  const findingsOf = (info: ServerInfo): readonly Finding[] => [
    ...[versionFinding(info), roleFinding(info), evictionFinding(info)],
    ...[durabilityFinding(info, appendfsync), memoryFinding(info)],
  ];
  return [
    connectionFinding(server, took),
    ...clusterFindings(
      server,
      servers.map(({ info }) => info),
      readsWhenDown,
    ),
    schema,
    await rightsFinding(context),
    ...(await changesFindings(context)),
    ...servers.flatMap(({ node, info }) => findingsOf(info).map((finding) => of(node, finding))),
    ...servers.map(({ node, info }) => of(node, replicasFinding(context, info))),
    ...clock,
  ];
}

function connectionFinding({ lacksTimeout, whenLost }: Server, took: number): Finding {
  const found = `answers in ${took.toFixed(1)} ms`;
  const advice: string[] = [];
  if (lacksTimeout !== null) {
    const why = 'a connection whose other end is gone without a word hangs for long otherwise';
    advice.push(`set ${lacksTimeout} of the client (5,000 ms, say): ${why}`);
  }
  if (whenLost !== 'fail') {
    advice.push(`set maxRetriesPerRequest of the client to 0: ${LOST[whenLost]}`);
  }
  if (advice.length === 0) return ok('connection', found);
  return warning('connection', found, advice.join('; '));
}

function clusterFindings(
  server: Server,
  servers: readonly ServerInfo[],
  readsWhenDown: readonly string[],
): readonly Finding[] {
  const isCluster = servers.some((info) => info.get('cluster_enabled') === '1');
  if (readsWhenDown.includes('yes')) {
    const advice = `set ${READS_WHEN_DOWN} no: a node that is cut off knows nothing of what the others revoke`;
    return [problem('cluster', `${READS_WHEN_DOWN} yes`, advice)];
  }
  if (isCluster === server.isCluster) {
    return isCluster ? [ok('cluster', `${servers.length} primaries`)] : [];
  }
  const found = isCluster
    ? 'a cluster, asked by a client for one server'
    : 'one server, asked by a client for clusters';
  return [problem('cluster', found, 'hand in the client that goes with it')];
}

async function schemaFinding({ server, keys }: Context): Promise<Finding> {
  try {
    const meta = await requireKeys(server, keys);
    return ok('schema', meta === null ? 'nothing is stored yet' : meta);
  } catch (error) {
    if (!isSessionError(error, 'SESSION_STORE_NAME_CONFLICT') && !isSessionError(error, 'SESSION_STORE_TOO_NEW'))
      throw error;
    return problem('schema', error.message, 'nothing was touched');
  }
}

async function rightsFinding({ server, keys, confirmation }: Context): Promise<Finding> {
  const missing = await missingRights(server, keys, confirmation);
  if (missing.length === 0) return ok('rights', 'all that the store needs');
  const found = `the user may not do all that the store needs: ${missing.join(', ')}`;
  return problem('rights', found, `${RIGHTS} of the store's prefix`);
}

async function changesFindings({ changes }: Context): Promise<readonly Finding[]> {
  if (changes === null) return [];
  try {
    await changes.since(null);
    return [ok('changes', 'the servers tell what changes')];
  } catch (error) {
    const found = `the servers do not tell what changes: ${(error as Error).message}`;
    const advice = 'look after the option changes: until then, what a process remembers counts by its age';
    return [warning('changes', found, advice)];
  }
}

function versionFinding(info: ServerInfo): Finding {
  const found = `${info.get('server_name') ?? 'redis'} ${info.get('redis_version') ?? 'of an unknown version'}`;
  if (isNewEnough(info.get('redis_version') ?? '')) return ok('version', found);
  return problem('version', found, 'upgrade to Redis 6.2 or later');
}

function roleFinding(info: ServerInfo): Finding {
  const found = info.get('role') === 'slave' ? 'replica' : 'primary';
  if (found === 'primary') return ok('role', found);
  return problem('role', found, 'connect to the primary, or by Sentinel');
}

function evictionFinding(info: ServerInfo): Finding {
  const found = `maxmemory-policy ${info.get('maxmemory_policy') ?? 'unknown'}`;
  if (info.get('maxmemory_policy') === SAFE_POLICY) return ok('eviction', found);
  const advice = `set maxmemory-policy ${SAFE_POLICY}: what is evicted signs people out, lifts suspensions, and forgets denied tokens`;
  return problem('eviction', found, advice);
}

function durabilityFinding(info: ServerInfo, settings: readonly string[]): Finding {
  const appendfsync = settings.includes('no') ? 'no' : settings[0];
  const loss = lossOnRestart(info.get('aof_enabled'), appendfsync);
  if (loss !== null) {
    const advice = 'set appendonly yes and appendfsync everysec or always: what was revoked in that time is live again';
    return warning('durability', loss, advice);
  }
  if (info.get('aof_last_write_status') === 'err') {
    const found = 'append-only file, whose last write failed';
    return problem('durability', found, 'make room on the disk');
  }
  const written = { always: 'loses nothing', everysec: 'a crash of the machine may lose the last second' };
  const how = written[appendfsync as keyof typeof written] ?? 'the user may not ask what it survives';
  return ok('durability', `append-only file, appendfsync ${appendfsync ?? 'unknown'}: ${how}`);
}

function memoryFinding(info: ServerInfo): Finding {
  const [used, max] = [Number(info.get('used_memory') ?? 0), Number(info.get('maxmemory') ?? 0)];
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  if (max === 0) return ok('memory', `${megabytes(used)} used, without a limit`);
  const found = `${megabytes(used)} of ${megabytes(max)} used`;
  if (used < 0.9 * max) return ok('memory', found);
  const advice = 'raise maxmemory: once it is full, no user can sign in, and no session can be revoked';
  return warning('memory', found, advice);
}

function replicasFinding({ confirmation }: Context, info: ServerInfo): Finding {
  const connected = Number(info.get('connected_slaves') ?? 0);
  const found = `${connected} connected`;
  const wanted = confirmation?.atLeast ?? 0;
  if (connected < wanted) {
    const advice = `connect ${wanted}, as the option replicas wants: until then every revocation is SESSION_STORE_UNCONFIRMED`;
    return problem('replicas', found, advice);
  }
  if (connected > 0 && wanted === 0) {
    const advice = 'a failover may lose what was revoked just before: set the option replicas';
    return warning('replicas', found, advice);
  }
  return ok('replicas', found);
}

/** A denied TIME is only a warning here: the report on other missing rights matters more. */
async function clockFindings(server: Server, now: number): Promise<readonly Finding[]> {
  const asked = performance.now();
  try {
    const clock = await readClock(server);
    return [clockFinding(clock - now - (performance.now() - asked) / 2)];
  } catch (error) {
    if (!isSessionError(error, 'SESSION_STORE_DENIED')) throw error;
    return [warning('clock', 'the user may not ask for it', null)];
  }
}

const of = (node: string | null, finding: Finding): Finding =>
  node === null ? finding : { ...finding, found: `${node}: ${finding.found}` };

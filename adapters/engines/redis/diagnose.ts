import type { DiagnosisPower, Finding } from '../../../src/adapter.ts';
import { isSessionError } from '../../../src/index.ts';
import type { WhenLost } from './clients/client.ts';
import type { Server } from './connection.ts';
import type { Context } from './context.ts';
import type { Keys } from './keys.ts';
import { checkMeta } from './readiness.ts';
import { missingRights, RIGHTS } from './rights.ts';
import { isNewEnough, parseInfo, SAFE_POLICY, type ServerInfo } from './server.ts';
import { lossOnRestart, READS_WHEN_DOWN, settingsOf } from './settings.ts';
import type { Confirmation } from './standing.ts';
import { listRealms } from './verbs/users.ts';

/** In ms. */
const CLOCKS_APART = 60_000;

const LOST: Readonly<Record<Exclude<WhenLost, 'fail'>, string>> = {
  resent: 'a command whose answer was lost is sent again otherwise, long after its caller gave up',
  unanswered: 'a command whose answer was lost is waited for otherwise until the timeout',
};

/** Does not wait until the store is ready: an unsafe server is reported, too. */
export function diagnosisPower(context: Context): DiagnosisPower {
  const { server, keys, confirmation, readiness } = context;
  const diagnosis = new Diagnosis(server, keys, confirmation);
  return {
    diagnose: (now) => diagnosis.diagnose(now),
    realms: (limit) => readiness.ask(() => listRealms(context, limit)),
  };
}

class Diagnosis {
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #confirmation: Confirmation | null;

  constructor(server: Server, keys: Keys, confirmation: Confirmation | null) {
    this.#server = server;
    this.#keys = keys;
    this.#confirmation = confirmation;
  }

  async diagnose(now: number): Promise<readonly Finding[]> {
    const began = performance.now();
    const schema = await this.#schema();
    const took = performance.now() - began;
    const answers = await this.#server.askAll('INFO');
    const servers = answers.map(({ node, reply }) => ({ node, info: parseInfo(reply) }));
    const [appendfsync, readsWhenDown] = await Promise.all([
      settingsOf(this.#server, 'appendfsync'),
      this.#server.isCluster ? settingsOf(this.#server, READS_WHEN_DOWN) : [],
    ]);
    return [
      this.#connection(took),
      ...this.#cluster(
        servers.map(({ info }) => info),
        readsWhenDown,
      ),
      schema,
      await this.#rights(),
      ...servers.flatMap(({ node, info }) =>
        [version, role, eviction, (one: ServerInfo) => durability(one, appendfsync), memory].map((look) =>
          of(node, look(info)),
        ),
      ),
      ...servers.map(({ node, info }) => of(node, this.#replicas(info))),
      await this.#clock(now),
    ];
  }

  #connection(took: number): Finding {
    const found = `answers in ${took.toFixed(1)} ms`;
    const { lacksTimeout, whenLost } = this.#server;
    const advice: string[] = [];
    if (lacksTimeout !== null) {
      const why = 'a connection whose other end is gone without a word hangs for long otherwise';
      advice.push(`set ${lacksTimeout} of the client (5,000 ms, say): ${why}`);
    }
    if (whenLost !== 'fail') {
      advice.push(`set maxRetriesPerRequest of the client to 0: ${LOST[whenLost]}`);
    }
    if (advice.length === 0) return ok('connection', found);
    return { subject: 'connection', level: 'warning', found, advice: advice.join('; ') };
  }

  async #schema(): Promise<Finding> {
    try {
      const meta = (await this.#server.ask(this.#keys.meta, 'GET', this.#keys.meta)) as string | null;
      checkMeta(meta);
      return ok('schema', meta === null ? 'nothing is stored yet' : meta);
    } catch (error) {
      if (!isSessionError(error, 'SESSION_STORE_NAME_CONFLICT') && !isSessionError(error, 'SESSION_STORE_TOO_NEW'))
        throw error;
      return { subject: 'schema', level: 'problem', found: error.message, advice: 'nothing was touched' };
    }
  }

  async #rights(): Promise<Finding> {
    const missing = await missingRights(this.#server, this.#keys, this.#confirmation);
    if (missing.length === 0) return ok('rights', 'all that the store needs');
    const found = `the user may not do all that the store needs: ${missing.join(', ')}`;
    return { subject: 'rights', level: 'problem', found, advice: `${RIGHTS} of the store's prefix` };
  }

  #cluster(servers: readonly ServerInfo[], readsWhenDown: readonly string[]): readonly Finding[] {
    const isCluster = servers.some((info) => info.get('cluster_enabled') === '1');
    if (readsWhenDown.includes('yes')) {
      const advice = `set ${READS_WHEN_DOWN} no: a node that is cut off knows nothing of what the others revoke`;
      return [{ subject: 'cluster', level: 'problem', found: `${READS_WHEN_DOWN} yes`, advice }];
    }
    if (isCluster === this.#server.isCluster) {
      return isCluster ? [ok('cluster', `${servers.length} primaries`)] : [];
    }
    const found = isCluster
      ? 'a cluster, asked by a client for one server'
      : 'one server, asked by a client for clusters';
    return [{ subject: 'cluster', level: 'problem', found, advice: 'hand in the client that goes with it' }];
  }

  #replicas(info: ServerInfo): Finding {
    const connected = Number(info.get('connected_slaves') ?? 0);
    const found = `${connected} connected`;
    const wanted = this.#confirmation?.atLeast ?? 0;
    if (connected < wanted) {
      const advice = `connect ${wanted}, as the option replicas wants: until then every revocation is SESSION_STORE_UNCONFIRMED`;
      return { subject: 'replicas', level: 'problem', found, advice };
    }
    if (connected > 0 && wanted === 0) {
      const advice = 'a failover may lose what was revoked just before: set the option replicas';
      return { subject: 'replicas', level: 'warning', found, advice };
    }
    return ok('replicas', found);
  }

  async #clock(now: number): Promise<Finding> {
    const time = await this.#server.ask(null, 'TIME').catch((error: unknown) => {
      // A denied TIME is only a warning here: the report on other missing rights matters more.
      if (isSessionError(error, 'SESSION_STORE_DENIED')) return null;
      throw error;
    });
    if (time === null)
      return { subject: 'clock', level: 'warning', found: 'the user may not ask for it', advice: null };
    const [seconds, micros] = time as [string, string];
    const apart = Math.round(Number(seconds) * 1000 + Number(micros) / 1000 - now);
    const found = `${Math.abs(apart)} ms ${apart < 0 ? 'behind' : 'ahead of'} this process`;
    if (Math.abs(apart) <= CLOCKS_APART) return ok('clock', found);
    const advice = 'set both clocks by NTP; times of sessions are those of the processes';
    return { subject: 'clock', level: 'warning', found, advice };
  }
}

const of = (node: string | null, finding: Finding): Finding =>
  node === null ? finding : { ...finding, found: `${node}: ${finding.found}` };

const ok = (subject: string, found: string): Finding => ({ subject, level: 'ok', found, advice: null });

function version(info: ServerInfo): Finding {
  const found = `${info.get('server_name') ?? 'redis'} ${info.get('redis_version') ?? 'of an unknown version'}`;
  if (isNewEnough(info.get('redis_version') ?? '')) return ok('version', found);
  return { subject: 'version', level: 'problem', found, advice: 'upgrade to Redis 6.2 or later' };
}

function role(info: ServerInfo): Finding {
  const found = info.get('role') === 'slave' ? 'replica' : 'primary';
  if (found === 'primary') return ok('role', found);
  return { subject: 'role', level: 'problem', found, advice: 'connect to the primary, or by Sentinel' };
}

function eviction(info: ServerInfo): Finding {
  const found = `maxmemory-policy ${info.get('maxmemory_policy') ?? 'unknown'}`;
  if (info.get('maxmemory_policy') === SAFE_POLICY) return ok('eviction', found);
  const advice = `set maxmemory-policy ${SAFE_POLICY}: what is evicted signs people out, lifts suspensions, and forgets denied tokens`;
  return { subject: 'eviction', level: 'problem', found, advice };
}

function durability(info: ServerInfo, settings: readonly string[]): Finding {
  const appendfsync = settings.includes('no') ? 'no' : settings[0];
  const loss = lossOnRestart(info.get('aof_enabled'), appendfsync);
  if (loss !== null) {
    const advice = 'set appendonly yes and appendfsync everysec or always: what was revoked in that time is live again';
    return { subject: 'durability', level: 'warning', found: loss, advice };
  }
  if (info.get('aof_last_write_status') === 'err') {
    const found = 'append-only file, whose last write failed';
    return { subject: 'durability', level: 'problem', found, advice: 'make room on the disk' };
  }
  const written = { always: 'loses nothing', everysec: 'a crash of the machine may lose the last second' };
  const how = written[appendfsync as keyof typeof written] ?? 'the user may not ask what it survives';
  return ok('durability', `append-only file, appendfsync ${appendfsync ?? 'unknown'}: ${how}`);
}

function memory(info: ServerInfo): Finding {
  const [used, max] = [Number(info.get('used_memory') ?? 0), Number(info.get('maxmemory') ?? 0)];
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  if (max === 0) return ok('memory', `${megabytes(used)} used, without a limit`);
  const found = `${megabytes(used)} of ${megabytes(max)} used`;
  if (used < 0.9 * max) return ok('memory', found);
  const advice = 'raise maxmemory: once it is full, nobody can sign in, and nothing can be revoked';
  return { subject: 'memory', level: 'warning', found, advice };
}

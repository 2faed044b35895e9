/**
 * A server of an app on a host: `node polling-process.mjs <host> <settings>`. Its stores are on the Redis at `REDIS_URL`, under
 * `REDIS_PREFIX`. It writes its address, and ends with its input.
 */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createSessions } from 'session-revocation';
import { redisStore } from 'session-revocation/redis';
import { expressHost } from './express-host.ts';
import { fastifyHost } from './fastify-host.ts';
import { PAGES } from './koa-fastify-pages.ts';
import { koaHost } from './koa-host.ts';

const { REDIS_URL: url = '', REDIS_PREFIX: prefix = '' } = process.env;
const [, , name, settings = '{}'] = process.argv;
const host = [expressHost, fastifyHost, koaHost].find((known) => known.name === name);
if (host === undefined) throw new Error(`there is no host ${name}`);

const client = new Redis(url);
const sessions = createSessions({ store: redisStore(client, { prefix: `${prefix}ours:` }) });
const inner = await host.openShared(url, prefix);
const app = { sessions, inner, isPlain: false, bridge: {}, host: JSON.parse(settings), pages: PAGES, errors: [] };
const served = await host.serve(app);
process.stdout.write(`${served.url}\n`);

process.stdin.resume();
await once(process.stdin, 'end');
await served.close();
await sessions.close();
await inner.close();
client.disconnect();

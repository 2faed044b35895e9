/**
 * A server of an app with an inner layer: `node polling-process.mjs <layer> <settings>`. It stores its data on the
 * Redis at `REDIS_URL`, under `REDIS_PREFIX`. It prints its address, and ends when its input ends.
 */
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createSessions } from 'session-revocation';
import { redisStore } from 'session-revocation/redis';
import { expressLayer } from './express-layer.ts';
import { fastifyLayer } from './fastify-layer.ts';
import { PAGES } from './koa-fastify-pages.ts';
import { koaLayer } from './koa-layer.ts';

const { REDIS_URL: url = '', REDIS_PREFIX: prefix = '' } = process.env;
const [, , name, settings = '{}'] = process.argv;
const layer = [expressLayer, fastifyLayer, koaLayer].find((known) => known.name === name);
if (layer === undefined) throw new Error(`there is no layer ${name}`);

const client = new Redis(url);
const sessions = createSessions({ store: redisStore(client, { prefix: `${prefix}ours:` }) });
const inner = await layer.openShared(url, prefix);
const app = { sessions, inner, isPlain: false, bridge: {}, settings: JSON.parse(settings), pages: PAGES, errors: [] };
const served = await layer.serve(app);
process.stdout.write(`${served.url}\n`);

process.stdin.resume();
await once(process.stdin, 'end');
await served.close();
await sessions.close();
await inner.close();
client.disconnect();

import { fastifyHost } from './support/fastify-host.ts';
import { raceBehaviours } from './support/koa-fastify-race.ts';

raceBehaviours(fastifyHost);

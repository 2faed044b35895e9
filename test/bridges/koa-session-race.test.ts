import { raceBehaviours } from './support/koa-fastify-race.ts';
import { koaHost } from './support/koa-host.ts';

raceBehaviours(koaHost);

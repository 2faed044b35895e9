import { raceBehaviours } from './support/koa-fastify-race.ts';
import { koaLayer } from './support/koa-layer.ts';

raceBehaviours(koaLayer);

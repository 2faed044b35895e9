import { fastifyLayer } from './support/fastify-layer.ts';
import { raceBehaviours } from './support/koa-fastify-race.ts';

raceBehaviours(fastifyLayer);

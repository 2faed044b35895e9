import { fastifyLayer } from './support/fastify-layer.ts';
import { bridgeBehaviours } from './support/koa-fastify-behaviours.ts';
import { signInBehaviours } from './support/koa-fastify-sign-in.ts';

bridgeBehaviours(fastifyLayer);
signInBehaviours(fastifyLayer);

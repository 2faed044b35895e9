import { fastifyHost } from './support/fastify-host.ts';
import { bridgeBehaviours } from './support/koa-fastify-behaviours.ts';
import { signInBehaviours } from './support/koa-fastify-sign-in.ts';

bridgeBehaviours(fastifyHost);
signInBehaviours(fastifyHost);

import { bridgeBehaviours } from './support/koa-fastify-behaviours.ts';
import { signInBehaviours } from './support/koa-fastify-sign-in.ts';
import { koaLayer } from './support/koa-layer.ts';

bridgeBehaviours(koaLayer);
signInBehaviours(koaLayer);

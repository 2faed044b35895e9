import { bridgeBehaviours } from './support/koa-fastify-behaviours.ts';
import { signInBehaviours } from './support/koa-fastify-sign-in.ts';
import { koaHost } from './support/koa-host.ts';

bridgeBehaviours(koaHost);
signInBehaviours(koaHost);

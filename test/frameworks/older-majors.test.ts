import type formbody from '@fastify/formbody';
import express4 from 'express4';
import type { fastify } from 'fastify';
import formbody7 from 'fastify-formbody7';
import { fastify as fastify4 } from 'fastify4';
import Koa2 from 'koa2';
import { sameWrapper } from './http/index.ts';
import { serveExpress } from './support/express-app.ts';
import { serveFastify } from './support/fastify-app.ts';
import { serveKoa } from './support/koa-app.ts';

sameWrapper('express 4', serveExpress(express4));
sameWrapper('koa 2', serveKoa(Koa2));
sameWrapper(
  'fastify 4',
  // The types of Fastify 4 come from another package. They are the same in the part that the tests use.
  serveFastify(fastify4 as unknown as typeof fastify, formbody7 as unknown as typeof formbody, {
    // By default, the router of Fastify 4 does not match long ids, and they would reach the app's own 404.
    maxParamLength: 10_000,
  }),
);

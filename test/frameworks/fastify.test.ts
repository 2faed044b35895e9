import formbody from '@fastify/formbody';
import { fastify } from 'fastify';
import { httpBehaviours } from './http/index.ts';
import { serveFastify } from './support/fastify-app.ts';

httpBehaviours('fastify', serveFastify(fastify, formbody));

import formbody from '@fastify/formbody';
import { fastify } from 'fastify';
import { otherWrapper } from './http/index.ts';
import { serveFastify } from './support/fastify-app.ts';

otherWrapper('fastify', serveFastify(fastify, formbody));

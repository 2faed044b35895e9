import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Sessions } from 'session-revocation';
import * as web from 'session-revocation/fastify';
import { AppModule } from './app.module.ts';

export async function createApp(sessions: Sessions, options: web.AuthenticationOptions): Promise<INestApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(sessions, web), new FastifyAdapter(), {
    logger: ['error', 'warn'],
  });
  await app.register(web.authentication, { sessions, ...options });
  await app.register(web.sessionRoutes, { sessions, prefix: '/sessions' });
  return app;
}

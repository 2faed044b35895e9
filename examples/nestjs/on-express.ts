import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Sessions } from 'session-revocation';
import * as web from 'session-revocation/express';
import { AppModule } from './app.module.ts';

export async function createApp(sessions: Sessions, options: web.AuthenticationOptions): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.with(sessions, web), new ExpressAdapter(), {
    logger: ['error', 'warn'],
  });
  app.use(web.authentication(sessions, options));
  app.use('/sessions', web.sessionRoutes(sessions));
  return app;
}

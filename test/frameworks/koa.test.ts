import Koa from 'koa';
import { httpBehaviours } from './http/index.ts';
import { serveKoa } from './support/koa-app.ts';

httpBehaviours('koa', serveKoa(Koa));

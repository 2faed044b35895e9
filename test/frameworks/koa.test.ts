import Koa from 'koa';
import { otherWrapper } from './http/index.ts';
import { serveKoa } from './support/koa-app.ts';

otherWrapper('koa', serveKoa(Koa));

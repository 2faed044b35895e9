import { defineConfig } from 'vitest/config';
import { common, run } from './vitest.config.ts';

/** An older major that is supported, in the place of the newest. */
const OLDER: Readonly<Record<string, string>> = {
  express: 'express4',
  koa: 'koa2',
  'koa-session': 'koa-session6',
};

const alias = Object.entries(OLDER).map(([name, replacement]) => ({ find: new RegExp(`^${name}$`), replacement }));

/** Runs the tests of the bridges to express-session and koa-session on older majors, for .ci/run. */
export default defineConfig({ resolve: { ...common.resolve, alias }, test: { ...common.test, ...run } });

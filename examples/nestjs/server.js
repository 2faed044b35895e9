// @ts-check
// A sign-in form, the card with the user's devices, and a guard, on NestJS with Express or Fastify.
//
//   npm install @nestjs/common @nestjs/core reflect-metadata rxjs session-revocation tsx
//   npm install @nestjs/platform-express    (for Fastify, @nestjs/platform-fastify)
//   npm pkg set type=module
//   npx tsx server.js                       (on Fastify, npx tsx server.js --fastify)
//
// In a checkout of this library instead: npm ci && npm run build && cd examples/nestjs && npx tsx server.js
// Then open http://localhost:3000 in two browsers, and sign in as alice (password: wonderland).
// Set PORT for another port. Sessions are in memory, so a restart signs all users out.
import 'reflect-metadata';
import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';

const port = Number(process.env.PORT ?? 3000);
const platform = process.argv.includes('--fastify') ? import('./on-fastify.ts') : import('./on-express.ts');
const { createApp } = await platform;

const sessions = createSessions({ store: memoryStore(), replace: 'same-browser' });
sessions.startPruning({ every: '1h' });

const app = await createApp(sessions, {
  loginUrl: '/login',
  origins: [`http://localhost:${port}`],
  // `secure: false` is for http://localhost only.
  cookie: { secure: false },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close());
await app.listen(port, '127.0.0.1');
const { port: at } = app.getHttpServer().address();
console.log(`Listening on http://localhost:${at} (sign in as alice, password wonderland)`);

import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { checkingAll, SETTINGS, signInMany } from './harness/sign-in.ts';
import { byHand } from './contenders/by-hand.ts';
const N = 20_000;
const make = async (options: object, acc = false) => {
  const sessions = createSessions({ store: memoryStore(), ...SETTINGS, ...options });
  await sessions.setup();
  return checkingAll(sessions, await signInMany(sessions, N, acc));
};
const which = process.argv[2];
const work: any = which === 'hand' ? await byHand(N)() : await make(which === 'strict' ? {} : { freshness: { maxStaleness: '5m' } });
const loop = async (n: number) => { for (let i = 0; i < n; i++) await work(i); };
await loop(400_000);
const times = [];
for (let r = 0; r < 7; r++) { const a = process.cpuUsage(); await loop(300_000); const b = process.cpuUsage(a); times.push((b.user + b.system) / 300_000); }
times.sort((a, b) => a - b);
console.log(which, times[3]!.toFixed(3), times[0]!.toFixed(3));
process.exit(0);

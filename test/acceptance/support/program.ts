import { type Answer, ask } from './answer.ts';
import type { Device } from './device.ts';
import { tokenOf } from './reading.ts';

/** A program with a token: no browser, no cookies. */
export interface Program {
  me(): Promise<Answer>;
}

/** Creates a token in a browser and gives it to a program. */
export async function newProgram(device: Device, kind: 'api' | 'mcp', name = `a ${kind} token`): Promise<Program> {
  return programWith(device, tokenOf(await device.post('/tokens', { kind, name })));
}

/** Returns a program that has this token and uses the same service as the device. */
export function programWith({ host }: Pick<Device, 'host'>, token: string): Program {
  const port = Number(host.split(':')[1]);
  const headers = { host, 'user-agent': 'nightly-job/2.1', authorization: `Bearer ${token}` };
  return { me: () => ask({ port, method: 'GET', path: '/api/me', headers }) };
}

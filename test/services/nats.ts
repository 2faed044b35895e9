import { findBinary } from './binaries.ts';
import { PrivateServer } from './private-server.ts';
import { probeNats } from './probes.ts';

/** Returns whether a private server can be started here. */
export const hasNats = (): boolean => findBinary('nats-server') !== null;

export function startNats(): Promise<PrivateServer> {
  const program = findBinary('nats-server');
  if (program === null) throw new Error('nats-server is not on PATH');
  return PrivateServer.start({
    name: 'nats',
    program,
    probe: probeNats,
    url: ({ port }) => `nats://127.0.0.1:${port}`,
    args: ({ port }) => ['--addr', '127.0.0.1', '--port', `${port}`],
  });
}

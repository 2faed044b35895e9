import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { discover, type Found } from './discovery.ts';
import { isServiceName, type ServiceName } from './names.ts';

/** Environment variable with the URL of the run's broker. */
const VARIABLE = 'SESSION_TEST_BROKER';

/** Returns the broker's URL, or `null` if this process belongs to no run. */
export const brokerUrl = (): string | null => process.env[VARIABLE] ?? null;

/** Finds or starts services for all processes of a run. Each service starts at most once, at its first request. */
export interface Broker {
  /** Services that were requested and are missing, one line each. */
  missing(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Starts a broker. Processes that start from now on inherit its URL. */
export async function openBroker(): Promise<Broker> {
  const found = new Map<ServiceName, Promise<Found>>();
  const server: Server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    if (!isServiceName(name)) return answer(response, 404, {});
    const asked = found.get(name) ?? discover(name);
    found.set(name, asked);
    return asked.then(
      (result) => answer(response, 200, result),
      (error: unknown) => answer(response, 500, { error: describe(error) }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env[VARIABLE] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    async missing() {
      const all = await Promise.allSettled(found.values());
      return all.flatMap((one) =>
        one.status === 'fulfilled' && one.value.missing !== null ? [one.value.missing] : [],
      );
    },
    async close() {
      delete process.env[VARIABLE];
      server.closeAllConnections();
      server.close();
      // A service that is still starting would otherwise be left behind.
      await Promise.allSettled(found.values());
    },
  };
}

/** Asks the run's broker for a service. */
export async function askBroker(broker: string, name: ServiceName): Promise<Found> {
  const response = await fetch(`${broker}/${name}`);
  const answered = (await response.json()) as Found & { readonly error?: string };
  if (!response.ok) throw new Error(answered.error ?? `the broker knows no ${name}`);
  return answered;
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify(body));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

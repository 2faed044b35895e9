import { connect } from '@nats-io/transport-node';
import { natsNotifier } from 'session-revocation/notifiers';
import { expect, test } from 'vitest';
import { findService } from '../services/index.ts';
import { newChannels, playNotifierContract } from './support/contract.ts';

const url = await findService('nats');

playNotifierContract('NATS', url !== null, async () => {
  const { own, foreign } = newChannels();
  const open = () => connect({ servers: `${url}` });
  const connections = [await open(), await open(), await open()] as const;
  return {
    one: natsNotifier(connections[0], { channel: own }),
    other: natsNotifier(connections[1], { channel: own }),
    foreign: natsNotifier(connections[2], { channel: foreign }),
    end: () => Promise.all(connections.map((connection) => connection.close())),
  };
});

test('refuses what is no connection', () => {
  expect(() => natsNotifier({} as never)).toThrow(
    'client must be a connection of NATS, such as await connect(), not an object',
  );
});

/**
 * Tells other systems that access has ended here. The messages come from the outbox of the store, which is written in the same
 * step as the revocation, so none is lost. Start with {@link transmit}.
 *
 * ```ts
 * import { createSessions } from 'session-revocation';
 * import { sqliteStore } from 'session-revocation/sqlite';
 * import { newWebhookSecret, transmit, webhook } from 'session-revocation/transmitters';
 *
 * const secret = newWebhookSecret(); // once: give it to the receiver, and keep it with your other secrets
 * const sessions = createSessions({ store: sqliteStore('sessions.db'), audit: { outbox: ['billing'] } });
 *
 * const transmitter = transmit(sessions, {
 *   receivers: { billing: webhook({ url: 'https://billing.example.org/hooks', secret }) },
 *   failed: ({ receiver, id, error, isDead }) => console.error(receiver, id, isDead, error),
 * });
 * transmitter.start();
 * ```
 * @module
 */
export type { AccessEvent } from '../../src/adapter.ts';
export { type AccessMessage, type Delivery, NotDelivered, Undeliverable } from './delivery.ts';
export type { FailedDelivery } from './failure.ts';
export { type LogoutSubject, type LogoutTokenOptions, logoutTokens } from './logout-tokens.ts';
export type { SignerOptions } from './shared/signer.ts';
export {
  type SharedSignalsEndpoints,
  type SharedSignalsEndpointsOptions,
  sharedSignalsEndpoints,
} from './shared-signals/endpoints.ts';
export { type SharedSignalsPoll, type SharedSignalsPollOptions, sharedSignalsPoll } from './shared-signals/poll.ts';
export { type SharedSignalsPush, type SharedSignalsPushOptions, sharedSignalsPush } from './shared-signals/push.ts';
export type { StatusStore, StreamStatus } from './shared-signals/status.ts';
export type { SignalStream, StreamConfiguration, StreamOptions } from './shared-signals/stream.ts';
export type { SignalSubject } from './shared-signals/subject.ts';
export { type Flushed, type TransmitOptions, Transmitter, transmit } from './transmit.ts';
export { newWebhookSecret, type WebhookOptions, webhook } from './webhook.ts';

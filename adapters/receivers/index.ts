/**
 * Endpoints by which other systems end sessions, or ask about them. Each is a function from a `Request` to a `Response`.
 *
 * ```ts
 * import { accessTokens, generateKey } from 'session-revocation/jwt';
 * import { newClientSecret, tokenIntrospection, tokenRevocation } from 'session-revocation/receivers';
 *
 * const tokens = accessTokens(sessions, {
 *   issuer: 'https://app.example.org',
 *   audience: 'https://api.example.org',
 *   keys: [generateKey('EdDSA')],
 * });
 * const { secret, secretHash } = newClientSecret(); // the secret is for the client
 * const clients = [{ id: 'orders-api', secretHash, audience: 'https://api.example.org' }];
 *
 * const revoke = tokenRevocation(tokens, { clients });
 * const introspect = tokenIntrospection(tokens, { clients });
 * ```
 * @module
 */
export { type BackChannelLogoutOptions, backChannelLogout } from './back-channel-logout.ts';
export type { OAuthClient, OAuthClients } from './clients/client.ts';
export type { TokenEndpointOptions } from './clients/options.ts';
export { type ClientSecret, hashClientSecret, newClientSecret } from './clients/secret.ts';
export { type GlobalTokenRevocationOptions, globalTokenRevocation } from './global-token-revocation.ts';
export { tokenIntrospection } from './introspection.ts';
export type { ProviderOptions } from './provider/provider.ts';
export { type TokenRevocationOptions, tokenRevocation } from './revocation.ts';
export { nodeListener } from './shared/node-listener.ts';
export type { Receiver } from './shared/receiver.ts';
export type { SignalName } from './shared-signals/event.ts';
export type { SharedSignalsOptions, SignalAction } from './shared-signals/options.ts';
export type { PollOptions } from './shared-signals/poll.ts';
export { type SharedSignals, sharedSignals } from './shared-signals/shared-signals.ts';
export type { FindUser, FoundUser } from './subjects/find-user.ts';
export type { SimpleSubject } from './subjects/subject.ts';

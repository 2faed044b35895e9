import type { FastifyInstance } from 'fastify';
import type { ExtendableContext } from 'koa';
import { AUTH } from './attached.ts';

const taken = (what: string): TypeError =>
  new TypeError(`${what} is there already: give the option property another name`);

/** @throws `TypeError` where the property is Koa's own: whatever is assigned to some of these, such as `body`, would be sent. */
export function refuseOwnProperty(ctx: ExtendableContext, property: string | null): void {
  if (property !== null && property in ctx.app.context) throw taken(`ctx.${property}`);
}

/**
 * Fastify wants whatever a request will have to be there from its start.
 * @throws `TypeError` where the property is there already.
 */
export function decorateRequests(app: FastifyInstance, property: string | null): void {
  if (!app.hasRequestDecorator(AUTH)) app.decorateRequest(AUTH, null);
  if (property === null) return;
  if (app.hasRequestDecorator(property)) throw taken(`request.${property}`);
  app.decorateRequest(property, null);
}

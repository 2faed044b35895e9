import type { ExtendableContext } from 'koa';
import { bodyOf, type HttpExchange, NodeExchange, type NodeRequest, propertyTaken } from '../http/index.ts';

type WithBody = ExtendableContext['request'] & { readonly body?: unknown };

class KoaExchange extends NodeExchange {
  readonly #ctx: ExtendableContext;

  constructor(ctx: ExtendableContext) {
    super(ctx.req, ctx.res);
    this.#ctx = ctx;
  }

  override get url(): string {
    return this.#ctx.originalUrl;
  }

  override get ip(): string | undefined {
    return this.#ctx.ip === '' ? undefined : this.#ctx.ip;
  }

  override async body(): Promise<unknown> {
    const { req, request }: { readonly req: NodeRequest; readonly request: WithBody } = this.#ctx;
    // `null` is a parsed body: it is valid JSON.
    return bodyOf(req, request.body === undefined ? req.body : request.body);
  }
}

/** An exchange over Koa's context. */
export const koaExchange = (ctx: ExtendableContext): HttpExchange => new KoaExchange(ctx);

/** @throws `TypeError` for a property of Koa. A value assigned to `body`, for example, would be sent. */
export function refuseOwnProperty(ctx: ExtendableContext, property: string | null): void {
  if (property !== null && property in ctx.app.context) throw propertyTaken(`ctx.${property}`);
}

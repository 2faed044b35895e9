import type { ExtendableContext } from 'koa';
import type { HttpExchange } from './exchange.ts';
import { bodyOf, NodeExchange, type NodeRequest } from './node-exchange.ts';

/** As a parser before us left it. */
type WithBody = ExtendableContext['request'] & { readonly body?: unknown };

/** An exchange over Koa's context. */
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
    return bodyOf(req, request.body ?? req.body);
  }
}

/** An exchange over Koa's context. */
export const koaExchange = (ctx: ExtendableContext): HttpExchange => new KoaExchange(ctx);

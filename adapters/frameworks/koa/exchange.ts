import type { ExtendableContext } from 'koa';
import { bodyOf, NodeExchange, type NodeRequest, propertyTaken } from '../http/index.ts';

type WithBody = ExtendableContext['request'] & { readonly body?: unknown };

export class KoaExchange extends NodeExchange {
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
    // JSON `null` is a parsed body.
    return bodyOf(req, request.body === undefined ? req.body : request.body);
  }
}

/** Throws if `property` is a property of Koa's context. An `Auth` in `body`, for example, would be sent to the client. */
export function refuseOwnProperty(ctx: ExtendableContext, property: string | null): void {
  if (property !== null && property in ctx.app.context) throw propertyTaken(`ctx.${property}`);
}

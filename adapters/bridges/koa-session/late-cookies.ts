import type { ExtendableContext } from 'koa';
import type { HttpExchange } from '../../frameworks/http/index.ts';
import { KoaExchange } from '../../frameworks/koa/exchange.ts';
import type { InnerData } from '../shared/stamp.ts';
import type { InnerContext } from './inner-layer.ts';

type Context = ExtendableContext & InnerContext<InnerData>;

/** Matches koa-session's cookie and its signature: one is worthless without the other. */
const isSessionCookie = ({ sessionOptions: { key = '' } }: Context, line: string): boolean =>
  line.startsWith(`${key}=`) || line.startsWith(`${key}.sig=`);

export const hasSessionCookie = (ctx: Context): boolean =>
  new KoaExchange(ctx).setCookies().some((line) => isSessionCookie(ctx, line));

/** Omits koa-session's cookie if `isLate()` returns `true` when the headers are sent. */
export function preventLateCookie(ctx: Context, exchange: HttpExchange, isLate: () => boolean): void {
  const { res } = ctx;
  const writeHead: (...args: never[]) => unknown = res.writeHead;
  Reflect.set(res, 'writeHead', (...args: unknown[]): unknown => {
    if (isLate()) exchange.replaceSetCookies(exchange.setCookies().filter((line) => !isSessionCookie(ctx, line)));
    return Reflect.apply(writeHead, res, args);
  });
}

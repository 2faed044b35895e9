import { scryptSync, timingSafeEqual } from 'node:crypto';
import { Body, Controller, Get, Header, Inject, Post, Query, Redirect, Req } from '@nestjs/common';
import { escapeHtml, page } from './page.ts';
import { WEB, type Web, type WebRequest } from './session.guard.ts';

const SALT = 'one for each user, in earnest';
const hashOf = (password: string): Buffer => scryptSync(password, SALT, 32);
const PASSWORDS = new Map([['alice', hashOf('wonderland')]]);
const NOBODYS = hashOf('');

const WHY = new Map([
  ['not-verified', 'That did not work.'],
  ['signed-out', 'You were signed out on another device.'],
  ['signed-out-others', 'You were signed out on another device.'],
  ['signed-out-everywhere', 'You were signed out on all devices.'],
  ['expired', 'You were signed out after some time.'],
]);

type Fields = Readonly<Partial<Record<string, string>>>;

@Controller('login')
export class LoginController {
  readonly #web: Web;

  constructor(@Inject(WEB) web: Web) {
    this.#web = web;
  }

  @Get()
  @Header('cache-control', 'no-store')
  @Header('content-type', 'text/html; charset=utf-8')
  show(@Query() { reason = '', returnTo }: Fields): string {
    return page(
      'Sign in',
      `<p role="status">${WHY.get(reason) ?? ''}</p>
      <form method="post" action="/login">
        <input type="hidden" name="returnTo" value="${escapeHtml(this.#web.safeReturnPath(returnTo))}">
        <label>User <input name="user" autocomplete="username" required></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
        <button>Sign in</button>
      </form>`,
    );
  }

  @Post()
  @Redirect()
  async signIn(@Req() request: WebRequest, @Body() body?: Fields | null) {
    const { user = '', password, returnTo } = body ?? {};
    const signedIn = await this.#web.authOf(request).signIn({
      user: PASSWORDS.has(user) ? user : null,
      amr: ['pwd'],
      // Nest also accepts a JSON body, where `password` can be of any type.
      verify: () => typeof password === 'string' && timingSafeEqual(hashOf(password), PASSWORDS.get(user) ?? NOBODYS),
    });
    const back = this.#web.safeReturnPath(returnTo);
    const again = `/login?${new URLSearchParams({ reason: 'not-verified', returnTo: back })}`;
    return { url: signedIn.ok ? back : again, statusCode: 303 };
  }
}

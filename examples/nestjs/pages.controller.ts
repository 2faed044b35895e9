import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Controller, Get, Header, Inject, Req, StreamableFile, UseGuards } from '@nestjs/common';
import { page } from './page.ts';
import { SessionGuard, WEB, type Web, type WebRequest } from './session.guard.ts';

@Controller()
export class PagesController {
  readonly #web: Web;

  constructor(@Inject(WEB) web: Web) {
    this.#web = web;
  }

  /** The page with the card `<login-management>`. The card loads the devices from the routes under `/sessions`. */
  @Get()
  @UseGuards(SessionGuard)
  @Header('cache-control', 'no-store')
  @Header('content-type', 'text/html; charset=utf-8')
  devices(): string {
    return page(
      'Security',
      `<script type="module" src="/session-revocation-ui.js"></script>
      <login-management src="/sessions" login-url="/login"></login-management>`,
    );
  }

  @Get('me')
  @UseGuards(SessionGuard)
  @Header('cache-control', 'no-store')
  me(@Req() request: WebRequest): object {
    const { user, device, authenticatedAt } = this.#web.sessionOf(request);
    return { user, device: device.label, authenticatedAt: new Date(authenticatedAt) };
  }

  @Get('session-revocation-ui.js')
  @Header('content-type', 'text/javascript')
  card(): StreamableFile {
    return new StreamableFile(createReadStream(fileURLToPath(import.meta.resolve('session-revocation/ui'))));
  }
}

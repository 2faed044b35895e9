import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Sessions } from 'session-revocation';
import { LoginController } from './login.controller.ts';
import { PagesController } from './pages.controller.ts';
import { SESSIONS, WEB, type Web } from './session.guard.ts';
import { SessionErrorFilter } from './session-error.filter.ts';

@Module({})
export class AppModule implements OnApplicationShutdown {
  readonly #sessions: Sessions;

  constructor(@Inject(SESSIONS) sessions: Sessions) {
    this.#sessions = sessions;
  }

  static with(sessions: Sessions, web: Web): DynamicModule {
    return {
      module: AppModule,
      controllers: [LoginController, PagesController],
      providers: [
        { provide: SESSIONS, useValue: sessions },
        { provide: WEB, useValue: web },
        { provide: APP_FILTER, useClass: SessionErrorFilter },
      ],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.#sessions.close();
  }
}

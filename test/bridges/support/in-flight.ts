import type { Express, Request } from 'express';
import type { Answer } from '../../frameworks/http/browser.ts';
import { done } from './pages.ts';
import type { SiteBrowser } from './site.ts';

/** Actions of a held request after its release. The inner layer saves the session when the request is answered. */
const ENDINGS = {
  'modified data': ({ session }) => (session.cart = [...(session.cart ?? []), 'tea']),
  'nothing of its own': () => null,
  'a touched session': ({ session }) => session.touch().id,
  'an explicit save': ({ session }) => done((callback) => session.save(callback)),
  'a regenerated session': async (request) => {
    const { userId } = request.session;
    await done((callback) => request.session.regenerate(callback));
    request.session.userId = userId;
  },
  'Passport’s login again': (request) =>
    done((callback) => request.login(request.user ?? {}, { session: true, keepSessionInfo: true }, callback)),
} satisfies Readonly<Record<string, (request: Request) => unknown>>;

/** The name of an action of a held request. */
export type Ending = keyof typeof ENDINGS;

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function newGate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Holds requests between the reading of the session and its saving. */
export class InFlight {
  readonly #gates: { readonly arrival: Gate; readonly release: Gate; readonly ending: Ending }[] = [];

  /** Adds the page that holds requests. */
  addPage = (app: Express): void => {
    app.post('/held/:number', async (request, response) => {
      const { arrival, release, ending } = this.#gates[Number(request.params.number)]!;
      arrival.open();
      await release.opened;
      const end: (request: Request) => unknown = ENDINGS[ending];
      await end(request);
      response.json('ended');
    });
  };

  /** Sends a request and returns when it has read the session. `release` lets it end, and returns its answer. */
  async send(browser: SiteBrowser, ending: Ending): Promise<{ release(): Promise<Answer> }> {
    const [arrival, release] = [newGate(), newGate()];
    const number = this.#gates.push({ arrival, release, ending }) - 1;
    const answer = browser.post(`/held/${number}`);
    await Promise.race([arrival.opened, answer]);
    return {
      release() {
        release.open();
        return answer;
      },
    };
  }
}

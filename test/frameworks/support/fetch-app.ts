import type { Sessions } from 'session-revocation';
import * as ours from 'session-revocation/fetch';
import type { AppDescription, Page } from '../http/framework.ts';

/** One request, opened for every realm. */
export interface RequestState {
  /** Runs the library's routes. Returns `null` if the path is none of theirs. */
  routes(): Promise<Response | null>;
  /** Runs a page of the app behind its guard. */
  show(page: Page): Promise<Response>;
  /** Adds the library's headers to the response that is sent. */
  commit(response: Response): Response;
}

type Open = (request: Request, peer: ours.Peer) => Promise<ours.Auth>;
type Routes = ReturnType<typeof ours.sessionRoutes>;
type Guard = (auth: ours.Auth) => Promise<Response | null>;

/** Creates an app on `Request` and `Response`. Returns the function that opens a request. The host does the routing. */
export function fetchApp({
  sessions,
  authentication,
  routes,
  routesOf,
  also,
  pages,
  trustedProxy,
}: AppDescription): (request: Request, address: string | undefined) => Promise<RequestState> {
  const opens = new Map<Sessions, Open>(also.map((realm) => [realm, ours.authentication(realm)]));
  if (authentication !== null) opens.set(sessions, ours.authentication(sessions, authentication));
  const mounted: [Sessions, Routes][] = also.map((realm) => [realm, ours.sessionRoutes(realm, { path: '/also' })]);
  mounted.push([sessions, ours.sessionRoutes(routesOf, routes && { path: '/sessions', ...routes })]);
  const guards = new Map<Page, Guard>();
  for (const page of pages) if (page.guard) guards.set(page, guardOf(page.guard));

  return async function open(request: Request, address: string | undefined): Promise<RequestState> {
    const { ip, secure } = peerOf(request, address, trustedProxy);
    const auths = new Map<Sessions, ours.Auth<string>>();
    for (const [realm, openOne] of opens) auths.set(realm, await openOne(request, { ip }));
    const auth = (realm = sessions): ours.Auth<string> => {
      const found = auths.get(realm);
      if (found === undefined) throw new TypeError('this realm was not opened');
      return found;
    };
    const commit = (response: Response): Response =>
      [...auths.values()].reduce((committed, one) => one.commit(committed), response);

    return {
      commit,
      async routes() {
        for (const [realm, answer] of mounted) {
          const response = await answer(auth(realm));
          if (response !== null) return response;
        }
        return null;
      },
      async show(page) {
        const refused = (await guards.get(page)?.(auth(page.guard?.sessions))) ?? null;
        if (refused !== null) return refused;
        const headers = new Headers();
        const answer = await page.run({
          auth,
          session: (realm) => ours.sessionOf(auth(realm)),
          query: new URL(request.url).searchParams,
          secure,
          addHeader: (name, value) => headers.append(name, value),
          sendHeaders: () => commit(new Response()),
        });
        return Response.json(answer ?? null, { headers });
      },
    };
  };
}

/** Returns the client's address and scheme. The host decides which proxy is trusted, because only the host can know. */
function peerOf(
  { url, headers }: Request,
  address: string | undefined,
  trustedProxy: string | null,
): { readonly ip: string | undefined; readonly secure: boolean } {
  if (address !== trustedProxy) return { ip: address, secure: url.startsWith('https:') };
  const seen = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim();
  return { ip: seen || address, secure: headers.get('x-forwarded-proto') === 'https' };
}

/** Answers an error of a page as the docs describe. */
export function answerError(error: unknown): Response {
  const { status = 500, headers = {} } = error as { status?: number; headers?: Record<string, string> };
  return new Response(null, { status, headers });
}

function guardOf(options: NonNullable<Page['guard']>): Guard {
  return 'maxAge' in options ? ours.requireRecentSignIn(options) : ours.requireSession(options);
}

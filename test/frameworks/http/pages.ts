import type { Auth } from '../../../adapters/frameworks/http/index.ts';
import type { Page, PageRequest } from './framework.ts';

const who = ({ auth }: PageRequest): unknown => ({ user: auth().session?.user ?? null });
const whoMust = ({ session }: PageRequest): unknown => ({ user: session().user, id: session().id });

/** The answer of a method of `auth`, without the token. */
export type Outcome = {
  ok?: boolean;
  reason?: unknown;
  session?: { id: string } | null;
  revoked?: boolean;
  ended?: boolean;
};
export const outcomeOf = ({ ok, reason, session, revoked, ended }: Outcome): unknown => {
  return { ok, reason, id: session?.id, revoked, ended };
};

const verified = (query: URLSearchParams): boolean => query.get('password') !== 'wrong';

function signIn({ auth, query }: PageRequest): Promise<Outcome> {
  return auth().signIn({
    user: query.get('user') ?? 'alice',
    account: query.get('account') ?? undefined,
    kind: query.get('kind') ?? undefined,
    amr: query.getAll('amr'),
    attributes: { note: 'for the server' },
    verify: () => verified(query),
  });
}

/** Returns a page for a single test. */
export const postPage = (path: string, run: Page['run']): Page => ({ method: 'post', path, run });

const post = (path: string, act: (auth: Auth<string>, request: PageRequest) => Promise<Outcome>): Page =>
  postPage(path, async (request) => outcomeOf(await act(request.auth(), request)));

/** The pages that every app under test has. */
export const PAGES: readonly Page[] = [
  { method: 'get', path: '/home', run: () => ({ welcome: true }) },
  { method: 'get', path: '/public', run: who },
  { method: 'post', path: '/public', run: who },
  { method: 'get', path: '/private', guard: {}, run: whoMust },
  { method: 'post', path: '/private', guard: {}, run: whoMust },
  { method: 'get', path: '/unguarded', run: whoMust },
  { method: 'get', path: '/recent', guard: { maxAge: '5m' }, run: whoMust },
  { method: 'get', path: '/recent-otp', guard: { maxAge: '5m', amr: ['otp'] }, run: whoMust },
  { method: 'get', path: '/people-only', guard: { kinds: ['browser', 'remembered'] }, run: whoMust },
  post('/sign-in', (_, request) => signIn(request)),
  post('/sign-out', (auth) => auth.signOut()),
  post('/sign-out-others', (auth) => auth.signOutOthers()),
  post('/sign-out-everywhere', (auth) => auth.signOutEverywhere()),
  post('/trigger', (auth, { query }) => auth.trigger(query.get('name') ?? '')),
  post('/renew', (auth) => auth.renew()),
  post('/reauthenticate', (auth, { query }) =>
    auth.reauthenticate({ amr: query.getAll('amr'), verify: () => verified(query) }),
  ),
];

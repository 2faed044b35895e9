import type { Page, RequestState } from './koa-fastify-site.ts';

async function login(visit: RequestState): Promise<unknown> {
  const { auth, query } = visit;
  const user = query.get('user') ?? 'alice';
  const account = query.get('account') ?? undefined;
  const signedIn = await auth.signIn({ user, account, verify: () => query.get('password') !== 'wrong' });
  if (signedIn.ok)
    Object.assign(visit.data ?? {}, account === undefined ? { userId: user } : { userId: user, account });
  return { ok: signedIn.ok, reason: signedIn.ok ? null : signedIn.reason };
}

function who({ auth, data }: RequestState): unknown {
  const { session, refusal } = auth;
  const { userId = null, cart = null } = data ?? {};
  return { user: session?.user ?? null, id: session?.id ?? null, amr: session?.amr, refusal, inner: userId, cart };
}

function add({ data, query }: RequestState): unknown {
  if (data !== null) data.cart = [...(data.cart ?? []), query.get('item') ?? ''];
  return data?.cart;
}

/** Returns a page that answers with the result of `run`, or `null`. */
const page = (path: string, run: (visit: RequestState) => unknown): Page => ({
  method: 'post',
  path,
  run: async (visit) => (await run(visit)) ?? null,
});

/** The pages that every app under test has. */
export const PAGES: readonly Page[] = [
  // Pages that the app had before the bridge.
  page('/inner-login', ({ data, query }) => Object.assign(data ?? {}, { userId: query.get('user') }).userId),
  page('/cart', add),
  page('/save', (visit) => visit.save()),
  page('/destroy', (visit) => visit.destroy()),
  page('/drop-user', ({ data }) => {
    delete data?.userId;
  }),
  page('/become', async (visit) => {
    Object.assign(visit.data ?? {}, { userId: visit.query.get('user') });
    await visit.save();
  }),
  page('/regenerate', async (visit) => {
    const { userId } = visit.data ?? {};
    await visit.regenerate();
    Object.assign(visit.data ?? {}, { userId });
  }),
  { method: 'get', path: '/inner', run: ({ data }) => ({ user: data?.userId ?? null, cart: data?.cart ?? null }) },

  // Pages that need the bridge.
  page('/login', login),
  page('/reauthenticate', ({ auth, query }) =>
    auth.reauthenticate({ amr: ['otp'], verify: () => query.get('password') !== 'wrong' }),
  ),
  page('/sign-out', ({ auth }) => auth.signOut()),
  page('/sign-out-others', ({ auth }) => auth.signOutOthers()),
  page('/sign-out-everywhere', ({ auth }) => auth.signOutEverywhere()),
  page('/renew', ({ auth }) => auth.renew()),
  page('/password-changed', ({ auth }) => auth.trigger('passwordChanged')),
  page('/password-reset', ({ auth }) => auth.trigger('passwordReset')),
  { method: 'get', path: '/who', run: who },
  {
    method: 'get',
    path: '/me',
    isGuarded: true,
    run: (visit) => ({ user: visit.session().user, id: visit.session().id }),
  },
];

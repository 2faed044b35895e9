import { createSessions } from 'session-revocation';
import { type Algorithm, accessTokens, generateKey } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { byCookie } from '../harness/by-cookie.ts';
import { peer } from '../harness/peers.ts';
import { type Contender, race, type Section } from '../harness/section.ts';
import { checking, SETTINGS, signIn } from '../harness/sign-in.ts';

const USERS = 2_000;
const OURS = { issuer: 'https://id.example', audience: 'https://api.example' };
const HOUR = { lifetime: '1h' } as const;

/**
 * Signs users in and mints an access token for each. `verified` is the number of tokens with a remembered signature.
 */
async function signedIn(alg: Algorithm, verified: number) {
  const key = generateKey(alg);
  const sessions = createSessions({ store: memoryStore(), ...SETTINGS });
  const tokens = accessTokens(sessions, { ...OURS, ...HOUR, keys: [key], verified });
  const started = [];
  for (let nth = 0; nth < USERS; nth++) started.push(await signIn(sessions, `user-${nth}`));
  const jwts = await Promise.all(
    started.map(async ({ session }) => (await tokens.mint(session, { client: 'app' })).accessToken),
  );
  return { key, sessions, tokens, started, jwts };
}

type Jose = typeof import('jose');

async function joseKey(key: ReturnType<typeof generateKey>, use: 'sign' | 'verify') {
  const { importJWK } = await peer<Jose>('jose');
  const jwk = key.alg === 'HS256' ? key.secret : use === 'sign' ? key.privateKey : key.publicKey;
  return importJWK({ ...jwk }, key.alg);
}

const josesCheck =
  (alg: Algorithm): Contender<unknown> =>
  async () => {
    const { jwtVerify } = await peer<Jose>('jose');
    const { key, jwts } = await signedIn(alg, 0);
    const open = await joseKey(key, 'verify');
    return byCookie('jwt', jwts, (jwt) => jwtVerify(jwt, open, { ...OURS, algorithms: [alg], typ: 'at+jwt' }));
  };

const check =
  (alg: Algorithm, verified: number): Contender<unknown> =>
  async () => {
    const { jwts, tokens } = await signedIn(alg, verified);
    return byCookie('jwt', jwts, (jwt) => tokens.check(jwt));
  };

const josesMint =
  (alg: Algorithm): Contender<unknown> =>
  async () => {
    const { SignJWT, decodeJwt } = await peer<Jose>('jose');
    const { key, jwts } = await signedIn(alg, 0);
    const secret = await joseKey(key, 'sign');
    const claims = jwts.map((jwt) => decodeJwt(jwt));
    return (nth) =>
      new SignJWT({ ...claims[nth % USERS] }).setProtectedHeader({ alg, kid: key.kid, typ: 'at+jwt' }).sign(secret);
  };

const mint =
  (alg: Algorithm): Contender<unknown> =>
  async () => {
    const { started, tokens } = await signedIn(alg, 0);
    return (nth) => tokens.mint(started[nth % USERS]!.session, { client: 'app' });
  };

const opaque: Contender<unknown> = async () => {
  const { sessions, started } = await signedIn('HS256', 0);
  return checking(
    sessions,
    started.map(({ token }) => token),
  );
};

const section: Section = {
  title: 'Access tokens (JWT)',
  about: `On the memory store, beside jose with the same key. A check verifies the signature and then looks the session up.

Where it loses: the look-up and the judgement of the session come on top of what jose does. The faster the algorithm verifies, the more they
weigh: most with RS256, least with EdDSA. Figures differ by a tenth from run to run, because the signatures are verified on other threads.`,
  minutes: 3,
  peers: true,
  races: [
    ...(['EdDSA', 'ES256', 'RS256', 'HS256'] as const).flatMap((alg) => [
      race({
        title: `${alg}, checked`,
        inFlight: [1, 32],
        contenders: { "jose's jwtVerify": josesCheck(alg), ours: check(alg, 0) },
        goals: [{ of: 'ours', to: "jose's jwtVerify", atMost: 1.15 }],
      }),
      race({
        title: `${alg}, minted`,
        contenders: { "jose's SignJWT": josesMint(alg), ours: mint(alg) },
        goals: [{ of: 'ours', to: "jose's SignJWT", atMost: 1.15 }],
      }),
    ]),
    race({
      title: 'A token that was seen before',
      clock: 'processor',
      contenders: { 'ours, an opaque token': opaque, 'ours, EdDSA': check('EdDSA', 2 * USERS) },
    }),
  ],
};
export default section;

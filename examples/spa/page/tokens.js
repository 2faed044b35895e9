// @ts-check
// The page's access token. It is in this tab's memory and nowhere else: what is in localStorage or in a cookie for scripts is
// still there for a script that gets in tomorrow.

/** @type {string | null} */
let accessToken = null;

/**
 * The refresh that is under way: however many requests wait for it, a tab needs one.
 *
 * @type {Promise<string | null> | null}
 */
let refreshing = null;

/** How often another request may have been quicker: each time the browser has a newer cookie when it asks again. */
const MOST_TRIES = 5;

/** @param {{ accessToken: string } | null} tokens */
export function remember(tokens) {
  accessToken = tokens?.accessToken ?? null;
}

/**
 * Asks the API. Where the access token has run out, or there is none yet, it gets the next one first; what is still answered
 * 401 then is for the caller: nobody is signed in.
 *
 * @param {string} path
 * @param {{ method?: string }} [options]
 * @returns {Promise<Response>}
 */
export async function ask(path, options = {}) {
  const used = accessToken ?? (await refresh(null));
  const response = await send(path, options, used);
  if (response.status !== 401 || used === null) return response;
  const next = await refresh(used);
  return next === null ? response : send(path, options, next);
}

/**
 * @param {string} path
 * @param {{ method?: string }} options
 * @param {string | null} token
 */
function send(path, options, token) {
  return fetch(path, { ...options, headers: token === null ? {} : { authorization: `Bearer ${token}` } });
}

/**
 * The next access token; `null` where nobody is signed in.
 *
 * A refresh token is good for one refresh: two at once with the same one are what theft looks like. So one tab refreshes at a
 * time, by a lock that all tabs of this browser share, and the next one sends the cookie that the first one got. A browser
 * without locks is told to try again (409), for as long as the server's grace interval.
 *
 * @param {string | null} used the token that was refused
 * @returns {Promise<string | null>}
 */
async function refresh(used) {
  // Another request of this tab has done it meanwhile.
  if (accessToken !== used) return accessToken;
  const locks = /** @type {LockManager | undefined} */ (navigator.locks);
  refreshing ??= (locks === undefined ? refreshNow() : locks.request('refresh', refreshNow)).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** @returns {Promise<string | null>} */
async function refreshNow() {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    // It outlives the page: a token whose answer nobody hears is used up all the same.
    const response = await fetch('/sessions/refresh', { method: 'POST', keepalive: true });
    if (response.ok) {
      const { access_token } = await response.json();
      accessToken = access_token;
      return accessToken;
    }
    if (response.status === 400) {
      accessToken = null;
      return null;
    }
    if (response.status !== 409) throw new Error(`the server answered ${response.status}`);
    await new Promise((resolve) => setTimeout(resolve, Number(response.headers.get('retry-after')) * 1000));
  }
  throw new Error('others have always been quicker');
}

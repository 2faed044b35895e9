// @ts-check
// Keeps the access token in this tab's memory only. In localStorage, or in a cookie for scripts, a script that is injected later could
// still read it.

/** @type {string | null} */
let accessToken = null;

/**
 * The refresh that is under way. All requests of this tab wait for the same one.
 *
 * @type {Promise<string | null> | null}
 */
let refreshing = null;

/** Limit of attempts when another tab refreshes first. Each new attempt sends the browser's newer cookie. */
const MAX_TRIES = 5;

/** @param {{ access_token: string } | null} tokens the answer to a sign-in (RFC 6749, 5.1), or `null` after a sign-out */
export function remember(tokens) {
  accessToken = tokens?.access_token ?? null;
}

/**
 * Sends a request to the API. Refreshes the access token if there is none, or after a 401, and then sends the request again. If the
 * result is still a 401, no user is signed in.
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
 * Returns the next access token, or `null` if no user is signed in.
 *
 * A refresh token works once. A second use looks like theft and ends the session. So tabs share a lock and refresh one at a time. Each
 * sends the cookie that the previous tab received. A browser without locks gets 409 within the server's grace interval, and tries again.
 *
 * @param {string | null} used the refused token; `null` if there was none
 * @returns {Promise<string | null>}
 */
async function refresh(used) {
  // Another request of this tab has refreshed it meanwhile.
  if (accessToken !== used) return accessToken;
  const locks = /** @type {LockManager | undefined} */ (navigator.locks);
  refreshing ??= (locks === undefined ? refreshNow() : locks.request('refresh', refreshNow)).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** @returns {Promise<string | null>} */
async function refreshNow() {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    // With `keepalive`, the browser completes the request and stores the new cookie even if the page is closed.
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

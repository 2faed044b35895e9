// @ts-check

const MOST_PAGES = 20;

/**
 * A page of the audit log, as an account's administrator sees it: what is about the account, and what is about one of its
 * users or was done by one. (A user's own "sign out everywhere" is about the user, in every account.)
 *
 * @param {Pick<import('./app.js').Demo, 'sessions' | 'users'>} demo
 * @param {string} account
 * @param {import('session-revocation').AuditRequest} [request]
 * @returns {Promise<import('session-revocation').AuditResult>}
 */
export async function accountLog({ sessions, users }, account, request = {}) {
  const limit = request.limit ?? 100;
  const ids = new Set((await users.all()).filter((user) => user.account === account).map(({ id }) => id));
  const isOurs = (/** @type {import('session-revocation').AuditEntry} */ entry) =>
    entry.account === account || (entry.account === null && (ids.has(entry.user ?? '') || ids.has(entry.by ?? '')));

  /** @type {import('session-revocation').AuditEntry[]} */
  const entries = [];
  let cursor = request.cursor ?? null;
  // A page may be short; it goes on where there is a cursor.
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await sessions.audit({ ...request, cursor, limit: limit - entries.length });
    entries.push(...found.entries.filter(isOurs));
    cursor = found.cursor;
    if (cursor === null || entries.length >= limit) break;
  }
  return { entries, cursor };
}

// @ts-check

const MAX_PAGES = 20;

/**
 * Returns a page of the audit log for an account's administrator. It contains the account's entries. It also contains
 * entries without an account, if the user or the actor belongs to the account. For example, a user's own "sign out
 * everywhere" has no account, because it covers all of them.
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
  // The filter drops entries, so this reads on until the page is full or the log ends.
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await sessions.audit({ ...request, cursor, limit: limit - entries.length });
    entries.push(...found.entries.filter(isOurs));
    cursor = found.cursor;
    if (cursor === null || entries.length >= limit) break;
  }
  return { entries, cursor };
}

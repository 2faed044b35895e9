/** What `INFO` says: names and values. */
export type ServerInfo = ReadonlyMap<string, string>;

export function parseInfo(reply: unknown): ServerInfo {
  const lines = String(reply).split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 || line.startsWith('#') ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

/** The oldest version that the store works with: sorted sets are read as it does since then. */
const LEAST = [6, 2] as const;

/** Whether a version, such as `'7.0.15'`, is new enough. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The policy under which nothing that was revoked can come back. */
export const SAFE_POLICY = 'noeviction';

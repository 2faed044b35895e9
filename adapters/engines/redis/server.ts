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

/** The oldest supported version, because of how the store reads sorted sets. */
const LEAST = [6, 2] as const;

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The only eviction policy under which no revoked session can come back. */
export const SAFE_POLICY = 'noeviction';

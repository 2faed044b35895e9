/**
 * Where routes are mounted, without a slash at its end: `''` is the root.
 * @throws `TypeError` for what is no path.
 */
export function parseMount(path: unknown): string {
  if (typeof path === 'string' && /^(\/[^/?#]+)*\/?$/.test(path) && path !== '') return path.replace(/\/$/, '');
  throw new TypeError("path must be where the routes are, such as '/sessions'");
}

/** `null` for what is elsewhere: `/sessionsx` is not below `/sessions`. */
export const pathBelow = (mount: string, path: string): string | null =>
  path === mount || path.startsWith(`${mount}/`) ? path.slice(mount.length) : null;

import type { Work } from './section.ts';
import { cookieHeader, cookieOf, scattered } from './sign-in.ts';

/** Each piece of work cuts a session's cookie out of a header and checks it. */
export const byCookie = (name: string, values: readonly string[], check: (value: string) => unknown): Work => {
  const headers = scattered(values).map((value) => cookieHeader(name, value));
  return (nth) => check(cookieOf(headers[nth % headers.length] as string, name));
};

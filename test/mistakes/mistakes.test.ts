import { afterAll, describe, expect, test } from 'vitest';
import { freshness, making, using } from './core.ts';
import { http } from './http.ts';
import { jwt } from './jwt.ts';
import { thrownBy } from './mistake.ts';
import { closeClients, stores } from './stores.ts';

afterAll(closeClients);

/** Methods and powers of a store. An app never calls them, so no message may name them. */
const INNER = /\b(answer|to|in|of) (epochs|find|add|advance|touch|renew|list)\b|\bpower\b/;

describe.each(Object.entries({ making, freshness, using, stores, http, jwt }))('%s', (_, mistakes) => {
  test.each(mistakes)('a developer who $title is told which call, what is wrong, and what to do', async (one) => {
    const error = await thrownBy(one.make);
    expect(error).toBeInstanceOf(Error);
    const { message, stack } = error as Error;
    for (const part of [one.call, ...one.says]) expect(message).toContain(part);
    expect(message).not.toMatch(INNER);
    expect(stack).toContain(message);
    for (const secret of one.secrets) expect(stack).not.toContain(secret);
  });
});

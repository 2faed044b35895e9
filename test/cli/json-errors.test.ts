import { describe, expect, test } from 'vitest';
import { Output } from '../../adapters/cli/output.ts';
import type { Terminal } from '../../adapters/cli/terminal.ts';
import { temporaryFile } from '../engines/support/sqlite-files.ts';
import { cli, cliOf, wordsOf } from './support/cli.ts';
import { triedFile } from './support/people.ts';

/** Expects one line with one JSON document. Returns the error in it. */
function errorIn(err: string): Record<string, unknown> {
  expect(err.split('\n')).toEqual([expect.any(String), '']);
  const document = JSON.parse(err);
  expect(Object.keys(document)).toEqual(['error']);
  return document.error;
}

describe('an error under --json', () => {
  test.each([
    ['an unknown option', 'list --user ann --no-such-option --json', "unknown option '--no-such-option'"],
    ['an unknown command', 'lsit --json', "unknown command 'lsit'; (Did you mean list?)"],
    ['a missing option', 'list --json', "required option '--user <id>' not specified"],
    ['a missing command', 'policy --json', 'the command is missing; --help lists all commands'],
    ['no command at all', '--json', 'the command is missing; --help lists all commands'],
    [
      'a value that cannot be',
      'prune --retention 1m --json',
      expect.stringContaining('--retention is 60000 ms; at least'),
    ],
    ['no store', 'list --user ann --json', expect.stringMatching(/^the store is missing: set SESSION_STORE_URL, or/)],
    ['no scope', 'revoke --json', expect.stringMatching(/^the users are missing: give --user/)],
  ])('is one line of JSON on stderr: %s', async (_, words, message) => {
    const { code, out, err } = await cli(wordsOf(words));
    expect([code, out]).toEqual([2, '']);
    expect(errorIn(err)).toEqual({ code: 'MISUSE', exitCode: 2, message, causes: [], advice: null });
  });

  test('says that an answer to a question is missing, or was no', async () => {
    const { url } = await triedFile();
    const run = cliOf(url);
    const refused = await run('revoke --account acme --json');
    expect(refused.code).toBe(2);
    expect(errorIn(refused.err)).toMatchObject({ code: 'REFUSED', exitCode: 2 });
    const interrupted = await run('revoke --account acme --json', { keys: '\u0003' });
    expect(interrupted.code).toBe(130);
    expect(interrupted.out).toBe('');
    const last = interrupted.err.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ error: { code: 'INTERRUPTED', exitCode: 130 } });
  });

  test('has the code of the library, and stack traces where --debug asks for them', async () => {
    const run = cliOf(temporaryFile());
    const { code, out, err } = await run('list --user ann --json');
    expect([code, out]).toEqual([1, '']);
    const error = errorIn(err);
    expect(error).toEqual({
      ...{ code: 'SESSION_STORE_NOT_SET_UP', exitCode: 1, causes: [] },
      message: expect.stringMatching(/^there is no file /),
      advice: expect.stringMatching(/^run `session-revocation setup`/),
    });
    expect(errorIn((await run('list --user ann --json --debug')).err).stacks).toEqual([
      expect.stringContaining('\n    at '),
    ]);
  });

  test('has no password in it', async () => {
    const { err } = await cli(wordsOf('list --user ann --stroe=postgres://ann:hush-hush@h/db --json'));
    expect(errorIn(err).message).toBe("unknown option '--stroe=postgres://ann:***@h/db'");
  });
});

test('a warning under --json is a line of JSON, and the answer stays one document', async () => {
  const { url } = await triedFile();
  const { code, out, err } = await cliOf(url)('revoke --user ann --json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ revoked: true, covered: { sessions: 0, more: false } });
  expect(JSON.parse(err)).toEqual({
    warning: {
      code: 'NONE_COVERED',
      message: 'no live session was covered: user ann of the realm default',
      advice: expect.stringContaining('this one holds no sessions at all'),
    },
  });
});

test.each([false, true])('a warning has no password in it (as JSON: %s)', (isJson) => {
  const written: string[] = [];
  const stderr = { write: (text: string) => written.push(text) > 0 };
  const out = new Output({ stderr } as unknown as Terminal, isJson, (text) => text.replaceAll('hush', '***'));
  out.warn({ code: 'NOT_CLOSED', message: 'postgres://ann:hush@h', advice: 'not hush' });
  expect(written.join('')).not.toContain('hush');
  expect(written.join('')).toContain('postgres://ann:***@h');
});

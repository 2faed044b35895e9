import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeProgram } from '../../adapters/cli/program.ts';
import { processTerminal } from '../../adapters/cli/terminal.ts';
import { cli } from './support/cli.ts';

const program = makeProgram({ terminal: processTerminal(), hide: (text) => text, finish() {}, trouble() {} }, () => {});
const commands = program.commands.flatMap((command) => {
  const parts = command.commands.map((part) => [command.name(), part.name()]);
  return parts.length > 0 ? parts : [[command.name()]];
});

test('there are the commands that an operator needs', () => {
  const names = [
    'setup',
    'doctor',
    'list',
    'end',
    'revoke',
    'suspend',
    'resume',
    'end-idle',
    'forget',
    'policy',
    'freshness',
    'review',
    'prune',
    'audit',
    'outbox',
    'keys',
  ];
  expect(program.commands.map((command) => command.name())).toEqual(names);
});

describe('the help', () => {
  test.each(commands.map((words) => [words.join(' ')]))(
    'of %s has an example, and every option has words',
    async (words) => {
      const { code, out, err } = await cli([...words.split(' '), '--help']);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(new RegExp(`Examples?:\n  \\$ session-revocation ${words} ?`));
      expect(out).toContain('--store <url>');
      for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(110);
    },
  );

  test('shows no URL of the environment', async () => {
    const env = { SESSION_STORE_URL: 'postgres://ann:hush-hush@h/db' };
    for (const words of [['--help'], ['list', '--help'], [], ['no-such-command'], ['list', '--no-such-option']]) {
      const { out, err } = await cli(words, { env });
      expect(out + err).not.toContain('hush');
    }
  });

  test('is offered, and what is misspelt is told without its password', async () => {
    const { code, err } = await cli(['list', '--stroe=postgres://ann:hush-hush@h/db', '--user', 'ann']);
    expect([code, err]).toEqual([2, "error: unknown option '--stroe=postgres://ann:***@h/db'\n(see --help)\n"]);
    expect((await cli(['lsit'])).err).toContain('Did you mean list?');
    expect(await cli([])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('Usage: session-revocation'),
    });
  });
});

describe('docs/cli.md', () => {
  const page = (): Promise<string> => readFile(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');

  test.each(commands.map((words) => [words.join(' ')]))('shows %s', async (words) => {
    expect(await page()).toMatch(new RegExp(`^\\$ session-revocation ${words}( |$)`, 'm'));
  });

  test('names every option', async () => {
    const all = [program, ...program.commands, ...program.commands.flatMap((command) => command.commands)];
    const flags = new Set(all.flatMap((command) => command.options.map(({ long }) => long ?? '')));
    for (const flag of flags) expect(await page(), flag).toContain(`\`${flag}`);
  });
});

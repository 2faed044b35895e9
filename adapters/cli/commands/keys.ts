import { type Command, InvalidArgumentError } from 'commander';
import { type GeneratedKey, generateKey } from '../../../src/jwt/keys/generate-key.ts';
import { type Cli, type Task, works } from '../task.ts';

interface KeysOptions {
  readonly alg: GeneratedKey['alg'];
  readonly kid?: string;
}

export function addKeys(program: Command, cli: Cli): void {
  const command = program
    .command('keys')
    .summary('make a key to sign access tokens with')
    .description(
      'Makes a key and prints it as JSON, for the option `keys` of `accessTokens`. The command keeps no copy and calls no ' +
        'store. Keep the key with your other secrets. A terminal may keep its output.',
    )
    .option('--alg <algorithm>', 'EdDSA, ES256, RS256 or PS256: a pair; HS256: a secret', parseAlgorithm, 'EdDSA')
    .option('--kid <name>', 'the name of the key, in the header of tokens (default: a unique one)')
    .addHelpText('after', '\nExample:\n  $ session-revocation keys --alg ES256 > key.json');
  works(command, cli, keys);
}

async function keys({ options: { alg, kid }, out }: Task<KeysOptions>): Promise<void> {
  const key = generateKey(alg, kid);
  out.answer(key, () => JSON.stringify(key, null, 2).split('\n'));
}

const ALGORITHMS: readonly string[] = ['EdDSA', 'ES256', 'RS256', 'PS256', 'HS256'] satisfies KeysOptions['alg'][];

function parseAlgorithm(text: string): string {
  if (ALGORITHMS.includes(text)) return text;
  throw new InvalidArgumentError(`Allowed are ${ALGORITHMS.join(', ')}`);
}

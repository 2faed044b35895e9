import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SessionError } from '../../../src/index.ts';

export interface Driver<Name extends string> {
  readonly name: Name;
  readonly exports: unknown;
}

/**
 * Finds the first installed package: in the project where the command runs, else beside this package. Loads the
 * driver at run time, so that no driver is a dependency.
 *
 * @throws `SessionError` `SESSION_STORE_UNSUPPORTED` if none is installed or it does not load.
 */
export function findDriver<Name extends string>(engine: string, names: readonly Name[]): Driver<Name> {
  for (const place of [join(process.cwd(), 'index.js'), import.meta.url]) {
    const require = createRequire(place);
    for (const name of names) {
      const path = resolved(require, name);
      if (path === null) continue;
      try {
        return { name, exports: require(path) };
      } catch (cause) {
        throw new SessionError(
          'SESSION_STORE_UNSUPPORTED',
          `the installed driver ${name} does not load: install it again for this version of Node`,
          { cause },
        );
      }
    }
  }
  const installs = names.map((name) => `\`npm install ${name.split('/')[0]}\``).join(' or ');
  throw new SessionError(
    'SESSION_STORE_UNSUPPORTED',
    `there is no driver for ${engine} in ${process.cwd()}: run the command in your project, or ${installs} there`,
  );
}

function resolved(require: NodeJS.Require, name: string): string | null {
  try {
    return require.resolve(name);
  } catch {
    return null;
  }
}

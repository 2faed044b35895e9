import { describe, expect, test } from 'vitest';
import lockfile from '../../package-lock.json' with { type: 'json' };

/** An entry for one package. The key is its path. */
interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}

const { '': _root, ...packages } = lockfile.packages as Readonly<Record<string, Locked>>;
const placesOf = (isMeant: (locked: Locked) => boolean): string[] =>
  Object.entries(packages).flatMap(([place, locked]) => (isMeant(locked) ? [`${place}@${locked.version}`] : []));

describe('package-lock.json', () => {
  test('records hundreds of packages', () => expect(Object.keys(packages).length).toBeGreaterThan(500));

  // npm writes an entry without `integrity` for an optional package that the registry cannot describe, such as a binary
  // for another platform. `npm ci` then accepts any tarball for it. Pin a version that exists for every platform.
  test('has the integrity of every package, those for other platforms included', () => {
    expect(
      placesOf(({ integrity, link, inBundle }) => !link && !inBundle && !/^sha512-/.test(integrity ?? '')),
    ).toEqual([]);
  });

  test('records no download address, so that npm asks the registry of the machine', () => {
    expect(placesOf(({ resolved }) => resolved !== undefined)).toEqual([]);
  });
});

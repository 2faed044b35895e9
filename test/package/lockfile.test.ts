import { describe, expect, test } from 'vitest';
import lockfile from '../../package-lock.json' with { type: 'json' };

/** What the file records of one package; the key is its place. */
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

  // npm writes an entry without `integrity` for an optional package that the registry cannot tell of, such as the binary of
  // another platform. `npm ci` then installs any tarball in its place. Pin a version that is there for every platform.
  test('has the integrity of every package, those for other platforms included', () => {
    expect(
      placesOf(({ integrity, link, inBundle }) => !link && !inBundle && !/^sha512-/.test(integrity ?? '')),
    ).toEqual([]);
  });

  test('records no download address, so that npm asks the registry of the machine', () => {
    expect(placesOf(({ resolved }) => resolved !== undefined)).toEqual([]);
  });
});

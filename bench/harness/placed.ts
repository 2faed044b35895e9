import { createSessions, type SessionStore } from 'session-revocation';
import { clearPlace, findPlace, type Opened, openStore, type Place } from '../../test/services/stores.ts';
import type { Contender, Race } from './section.ts';
import { checkingAll, SETTINGS, signInMany } from './sign-in.ts';

/** Sessions in a store, for all contenders of a race. */
export interface Placed {
  readonly place: Place;
  /** In random order. */
  readonly tokens: readonly string[];
}

type Open = (place: Place) => Opened;

/** A server that is silent for a while is busy. */
export const openPlace: Open = (place) => openStore(place, { silence: 60_000 });

/** Signs users in before a race, and removes all of it afterwards. `more` prepares what other contenders need there. */
export const placed = (
  find: () => Promise<Place | null>,
  users: number,
  { open = openPlace, more }: { readonly open?: Open; readonly more?: (placed: Placed) => Promise<unknown> } = {},
): Pick<Race<Placed>, 'prepare' | 'clear'> => ({
  async prepare() {
    const place = await find();
    if (place === null) return null;
    const { store, end } = open(place);
    const sessions = createSessions({ store, ...SETTINGS });
    await sessions.setup();
    const tokens = await signInMany(sessions, users);
    await sessions.close();
    await end();
    await more?.({ place, tokens });
    return { place, tokens };
  },
  clear: ({ place }) => clearPlace(place),
});

export const onEngine = (engine: Place['engine']) => (): Promise<Place | null> => findPlace(engine);

/** Checks the placed sessions. */
export const oursPlaced =
  (options: object, open: Open = openPlace, wrap = (store: SessionStore): SessionStore => store): Contender<Placed> =>
  async ({ place, tokens }) => {
    const { store, end } = open(place);
    const sessions = createSessions({ store: wrap(store), ...SETTINGS, ...options });
    await sessions.setup();
    return {
      work: await checkingAll(sessions, tokens),
      async stop() {
        await sessions.close();
        await end();
      },
    };
  };

import { createSessions, type SessionStore } from 'session-revocation';
import { clearPlace, findPlace, type Opened, openStore, type Place } from '../../test/services/stores.ts';
import type { Contender, Race } from './section.ts';
import { checkingAll, SETTINGS, signInMany } from './sign-in.ts';

/** Sessions in a store that all contenders of a race share. */
export interface Placed {
  readonly place: Place;
  /** Tokens of the sessions, in shuffled order. */
  readonly tokens: readonly string[];
}

type Open = (place: Place) => Opened;

/** Opens a store. A silent server counts as lost only after a minute, because the machine is busy. */
export const openPlace: Open = (place) => openStore(place, { silence: 60_000 });

/** Signs users in before a race, and removes all data afterwards. `more` prepares data for other contenders. */
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

/** Checks the sessions that `placed` stored. */
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

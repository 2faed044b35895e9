import type { SessionStore, Sessions, SessionsOptions } from 'session-revocation';
import type { Browser } from '../../frameworks/http/browser.ts';
import type { TestClock } from '../../frameworks/http/site.ts';
import type { Gatekeeper } from '../../frameworks/http/store.ts';
import { called, recordOf } from './callback-calls.ts';
import { fastifyLayer } from './fastify-layer.ts';
import { innerKinds } from './inner-stores.ts';
import { open as openOther, type SessionLayer } from './koa-fastify-site.ts';
import { koaLayer } from './koa-layer.ts';
import { COOKIE, open as openExpress, sidOf } from './site.ts';

/** A browser that can tell the id of its inner session. */
export interface SiteBrowser extends Browser {
  readonly sid: string;
  login(user: string): Promise<string>;
}

/** The app with the bridge. */
export interface Deployed {
  readonly sessions: Sessions<string>;
  readonly gate: Gatekeeper;
  browser(userAgent?: string): SiteBrowser;
}

/** An app that uses only the inner layer, with access to its stored records. */
export interface Before {
  old(): Promise<Browser>;
  deploy(options: {
    store: SessionStore;
    clock: TestClock;
    adoptUntil: Date | undefined;
    /** Whether a sign-out ends all sessions of the user. */
    everywhere: boolean;
  }): Promise<Deployed>;
  read(sid: string): Promise<object | null>;
  write(sid: string, record: object): Promise<void>;
  close(): Promise<void>;
}

/** An inner layer with one of its stores. */
export interface AdoptionLayer {
  readonly name: string;
  readonly cookie: string;
  sidOf(cookie: string): string;
  begin(): Promise<Before>;
}

const policyOf = (everywhere: boolean): Pick<SessionsOptions, 'policy'> => ({
  policy: () => ({ signOut: everywhere ? 'everywhere' : 'session' }),
});

const express = innerKinds.flatMap(({ name, open }): AdoptionLayer[] => {
  if (open === null) return [];
  return [
    {
      name: `express-session on ${name}`,
      cookie: COOKIE,
      sidOf,
      async begin() {
        const { store: inner, close } = await open();
        return {
          old: async () => (await openExpress({ inner, plain: true })).browser(),
          async deploy({ store, clock, adoptUntil, everywhere }) {
            const site = await openExpress({
              inner,
              store,
              clock,
              bridge: { adoptUntil },
              sessions: policyOf(everywhere),
            });
            return { ...site, gate: site.store };
          },
          read: (sid) => recordOf(inner, sid),
          async write(sid, record) {
            const { error } = await called((callback) => inner.set(sid, record as never, callback));
            if (error !== null) throw error;
          },
          close,
        };
      },
    },
  ];
});

const others = [fastifyLayer, koaLayer].flatMap((layer: SessionLayer) =>
  layer.inners.flatMap(({ name, open }): AdoptionLayer[] => {
    if (open === null) return [];
    return [
      {
        name: `${layer.name} on ${name}`,
        cookie: layer.cookie,
        sidOf: layer.sidOf,
        async begin() {
          const inner = await open();
          return {
            old: async () => (await openOther(layer, { inner, isPlain: true })).browser(),
            async deploy({ store, clock, adoptUntil, everywhere }) {
              const site = await openOther(layer, {
                inner,
                store,
                clock,
                bridge: { adoptUntil },
                sessions: policyOf(everywhere),
              });
              return { ...site, gate: site.store };
            },
            read: inner.read,
            write: inner.write,
            close: inner.close,
          };
        },
      },
    ];
  }),
);

/** Every inner layer, with every store that is available on this machine. */
export const layers: readonly AdoptionLayer[] = [...express, ...others];

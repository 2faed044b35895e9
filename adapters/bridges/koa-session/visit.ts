import type { Admission } from '../host/index.ts';

/** What is known of a request, from the moment on when koa-session asks for its data. */
export interface Visit {
  /** Under which key data were asked for, and what was found out about them; `null` where nobody was asked. */
  finding: { readonly key: string; readonly admission: Admission } | null;
  /** The stamp of the session, wherever the app has left it. */
  stamp: string | undefined;
  /** While the client gets another key: nobody signs out by that. `'apart'`: what is under the old one stays. */
  rotation: 'instead' | 'apart' | null;
}

/** The requests that are being served. */
export class Visits {
  readonly #visits = new WeakMap<object, Visit>();

  /** By its context. */
  of(ctx: object): Visit {
    const known = this.#visits.get(ctx);
    if (known !== undefined) return known;
    const visit: Visit = { finding: null, stamp: undefined, rotation: null };
    this.#visits.set(ctx, visit);
    return visit;
  }
}

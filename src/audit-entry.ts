import { NO_CAUSE } from './cause.ts';
import type { SessionEvent } from './events.ts';
import type { AuditEntry } from './powers.ts';

/** What an entry says beside when and where it stands. */
type Description = Omit<AuditEntry, 'id' | 'at' | 'type' | 'realm'>;

const NOTHING: Description = {
  ...{ user: null, account: null, scope: null, session: null, device: null, ip: null, details: {} },
  ...NO_CAUSE,
};

/** What an event says, as the log keeps it. */
export function describe(event: SessionEvent): Description {
  return { ...NOTHING, ...partsOf(event) };
}

function partsOf(event: SessionEvent): Partial<Description> {
  switch (event.type) {
    case 'session.started':
    case 'session.adopted':
    case 'session.renewed': {
      const { id, user, account, kind, device, amr } = event.session;
      const reauthenticated = event.type === 'session.renewed' ? { reauthenticated: event.reauthenticated } : {};
      const who = { user, account, session: id, by: user, from: device.label };
      return { ...who, device: device.label, ip: device.ip, details: { kind, amr, ...reauthenticated } };
    }
    case 'session.refused': {
      const { during, reason, user, account, session, device } = event;
      // An id that was only claimed may be that of somebody who was forgotten.
      const proved = user === null ? null : session;
      return { user, account, session: proved, reason, ...seen(device), details: { during } };
    }
    case 'session.ended': {
      const { session, user, account, device, by, reason, note, from } = event;
      return { session, user, account, ...seen(device), by, reason, note, from };
    }
    case 'session.reused': {
      const { session, user, account, client, device } = event;
      const details = { client: client?.id ?? null };
      return { session, user, account, reason: 'token-reused', ...seen(device), details };
    }
    case 'session.suspicious': {
      const { sign, user, account, session, device } = event;
      return { user, account, session, reason: sign, ...seen(device) };
    }
    case 'sessions.revoked': {
      const { scope, user, account, by, reason, note, from, kinds, kept, change, trigger } = event;
      return { scope, user, account, by, reason, note, from, details: { kinds, kept, change, trigger } };
    }
    case 'token.revoked': {
      const { claim, issuer, value, by, reason, note, from } = event;
      return { by, reason, note, from, details: { claim, issuer, value } };
    }
    case 'policy.changed': {
      const { account, by, reason, note, from, before, after } = event;
      return { account, by, reason, note, from, details: { before: { ...before }, after: { ...after } } };
    }
    case 'request.refused': {
      const { reason, action, by, user, account, device } = event;
      // Of a known actor, the device is theirs, and where they are forgotten it must go with them.
      const where = by === null ? seen(device) : { from: device?.label ?? null };
      return { by, user, account, reason, ...where, details: { action } };
    }
    case 'user.forgotten': {
      const { by, reason, note, from, sessions, entries } = event;
      return { by, reason, note, from, details: { sessions, entries } };
    }
    case 'sessions.pruned': {
      const { sessions, epochs, entries } = event;
      return { details: { sessions, epochs, entries } };
    }
    case 'background.failed':
      return {};
  }
}

const seen = (device: { readonly label: string; readonly ip: string | null } | null) => ({
  device: device?.label ?? null,
  ip: device?.ip ?? null,
});

/** What may be caused as often as somebody likes: it is logged once a minute for each sort, and not too often in all. */
export interface Flood {
  /** What is about nobody in particular has a budget of its own, and so cannot drown what is about somebody. */
  readonly budget: 'strangers' | 'addresses' | 'known';
  readonly sort: string;
}

/** `null` for what always stands in the log. */
export function floodOf(event: SessionEvent): Flood | null {
  if (event.type === 'session.refused' && event.during !== 'start') {
    const { reason, user, session } = event;
    return user === null ? { budget: 'strangers', sort: reason } : { budget: 'known', sort: `${reason} ${session}` };
  }
  if (event.type === 'session.suspicious' && event.sign === 'many-refusals') {
    return { budget: 'addresses', sort: event.device?.ip ?? '' };
  }
  if (event.type === 'session.suspicious' && event.sign !== 'new-device') {
    return { budget: 'known', sort: `${event.sign} ${event.session}` };
  }
  if (event.type === 'request.refused') {
    const { reason, action, by } = event;
    return by === null ? { budget: 'strangers', sort: reason } : { budget: 'known', sort: `${reason} ${action} ${by}` };
  }
  return null;
}

import { NO_ATTRIBUTION } from '../model/attribution.ts';
import type { AuditEntry } from '../store/powers.ts';
import type { SessionEvent } from './event-types.ts';

type Description = Omit<AuditEntry, 'id' | 'at' | 'type' | 'realm'>;

const NOTHING: Description = {
  ...{ user: null, account: null, scope: null, session: null, device: null, ip: null, details: {} },
  ...NO_ATTRIBUTION,
};

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
      const who = { user, account, session: id, by: user, fromDevice: device.label };
      return { ...who, device: device.label, ip: device.ip, details: { kind, amr, ...reauthenticated } };
    }
    case 'session.refused': {
      const { during, reason, user, account, session, device } = event;
      // Without a user, the id is only a claim. It may be the session of a user who was forgotten.
      const proved = user === null ? null : session;
      return { user, account, session: proved, reason, ...seen(device), details: { during } };
    }
    case 'session.ended': {
      const { session, user, account, device, by, reason, note, fromDevice } = event;
      return { session, user, account, ...seen(device), by, reason, note, fromDevice };
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
      const { scope, user, account, by, reason, note, fromDevice, kinds, kept, change, trigger } = event;
      return { scope, user, account, by, reason, note, fromDevice, details: { kinds, kept, change, trigger } };
    }
    case 'token.revoked': {
      const { claim, issuer, value, by, reason, note, fromDevice } = event;
      return { by, reason, note, fromDevice, details: { claim, issuer, value } };
    }
    case 'policy.changed': {
      const { account, by, reason, note, fromDevice, before, after } = event;
      return { account, by, reason, note, fromDevice, details: { before: { ...before }, after: { ...after } } };
    }
    case 'request.refused': {
      const { reason, action, by, user, account, device, detail } = event;
      // The device of a known actor goes into `fromDevice`, which forgetting the actor erases.
      const where = by === null ? seen(device) : { fromDevice: device?.label ?? null };
      return { by, user, account, reason, ...where, details: detail === null ? { action } : { action, detail } };
    }
    case 'user.forgotten': {
      const { by, reason, note, fromDevice, sessions, entries } = event;
      return { by, reason, note, fromDevice, details: { sessions, entries } };
    }
    case 'sessions.pruned': {
      const { sessions, epochs, entries, messages } = event;
      return { details: { sessions, epochs, entries, messages } };
    }
    case 'background.failed':
      return {};
  }
}

const seen = (device: { readonly label: string; readonly ip: string | null } | null) => ({
  device: device?.label ?? null,
  ip: device?.ip ?? null,
});

/** Limits the entries that a client can cause at will. Each sort is logged once a minute, within its budget. */
export interface Flood {
  /** Entries about no known user have their own budget, so they cannot crowd out entries about a known user. */
  readonly budget: 'strangers' | 'addresses' | 'known';
  readonly sort: string;
}

/** Returns `null` for events that are always logged. */
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

// Helpers that read answers.
import type { AuditEntry, Review } from 'session-revocation';
import type { Answer } from './answer.ts';
import type { Device } from './device.ts';

/** A row of the list of sessions. */
export interface Row {
  readonly id: string;
  readonly kind: string;
  readonly device: { readonly label: string; readonly ip: string | null };
  readonly current: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number | null;
  readonly end: { readonly reason: string; readonly reasonCode: string | null; readonly by: string | null } | null;
}

/** Returns the session rows that the device sees. */
export async function rowsOf(device: Device, query = ''): Promise<readonly Row[]> {
  const { status, json, text } = await device.get(`/sessions${query}`);
  if (status !== 200) throw new Error(`GET /sessions answered ${status} ${text}`);
  return json?.sessions as readonly Row[];
}

/** Returns the device labels of the rows. */
export const labelsOf = async (device: Device): Promise<readonly string[]> =>
  (await rowsOf(device)).map(({ device: { label } }) => label);

/** Returns the entries of the audit log that an administrator sees. */
export async function entriesOf(device: Device, query = ''): Promise<readonly AuditEntry[]> {
  const { status, json, text } = await device.get(`/audit${query}`);
  if (status !== 200) throw new Error(`GET /audit answered ${status} ${text}`);
  return json?.entries as readonly AuditEntry[];
}

/** Returns the review that an administrator sees. */
export async function reviewOf(device: Device, query = ''): Promise<Review> {
  const { status, json, text } = await device.get(`/review${query}`);
  if (status !== 200) throw new Error(`GET /review answered ${status} ${text}`);
  return json as unknown as Review;
}

/** Returns why a device is signed out, according to the answer to its next request. */
export async function toldTo(device: Device): Promise<{ status: number; reason: unknown; reasonCode: unknown }> {
  const { status, json } = await device.get('/me');
  return { status, reason: json?.reason, reasonCode: json?.reasonCode };
}

/** Returns the token from the answer that created it. */
export const tokenOf = ({ status, json, text }: Answer): string => {
  if (status !== 201) throw new Error(`making a token answered ${status} ${text}`);
  return String(json?.token);
};

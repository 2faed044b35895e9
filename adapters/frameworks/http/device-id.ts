import { randomBytes } from 'node:crypto';

/** The value of a device cookie: it knows a browser again, and proves nothing. */
export const newDeviceId = (): string => randomBytes(16).toString('base64url');

// @ts-check
// The six-digit codes of an authenticator app (RFC 6238: HMAC-SHA-1, 30 s).
import { createHmac, timingSafeEqual } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP = 30e3;

/**
 * @param {string} secret base32
 * @param {number} now Unix ms
 */
export function codeOf(secret, now) {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / STEP)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const number = digest.readUInt32BE((digest.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(number % 1e6).padStart(6, '0');
}

/**
 * Accepts the codes of the current and both neighbouring steps, because clocks differ. A real app also remembers the last used step,
 * so that it accepts each code only once (RFC 6238, section 5.2).
 *
 * @param {string} secret base32
 * @param {string} code
 * @param {number} now Unix ms
 */
export function isCodeOf(secret, code, now) {
  if (!/^\d{6}$/.test(code)) return false;
  return [-STEP, 0, STEP].some((shift) => timingSafeEqual(Buffer.from(codeOf(secret, now + shift)), Buffer.from(code)));
}

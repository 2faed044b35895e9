import { generateKeyPairSync, sign } from 'node:crypto';

/** A key and a self-signed certificate, as PEM. */
export interface Certified {
  readonly key: string;
  readonly cert: string;
}

// The tags of DER (ITU-T X.690) that a certificate is made of.
const [BOOLEAN, INTEGER, BITS, OCTETS, OID, UTF8, UTC_TIME, TIME] = [0x01, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x17, 0x18];
const [SEQUENCE, SET, VERSION, EXTENSIONS, DNS_NAME] = [0x30, 0x31, 0xa0, 0xa3, 0x82];

const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const SUBJECT_ALT_NAME = '551d11';

/** Encodes a DER value: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const oid = (hex: string): Buffer => der(OID, Buffer.from(hex, 'hex'));
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));
const bytes = (tag: number, ...values: number[]): Buffer => der(tag, Buffer.from(values));
const pem = (label: string, body: Buffer): string =>
  `-----BEGIN ${label}-----\n${body.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

/** Returns an X.509 certificate (RFC 5280) for a host, valid from 2000 to 9999. */
export function selfSigned(host: string): Certified {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, oid(ECDSA_WITH_SHA256));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid(COMMON_NAME), text(UTF8, host))));
  const isAuthority = der(SEQUENCE, bytes(BOOLEAN, 0xff));
  const content = der(
    SEQUENCE,
    der(VERSION, bytes(INTEGER, 2)),
    bytes(INTEGER, 1),
    algorithm,
    name,
    der(SEQUENCE, text(UTC_TIME, '000101000000Z'), text(TIME, '99991231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      EXTENSIONS,
      der(
        SEQUENCE,
        der(SEQUENCE, oid(BASIC_CONSTRAINTS), bytes(BOOLEAN, 0xff), der(OCTETS, isAuthority)),
        der(SEQUENCE, oid(SUBJECT_ALT_NAME), der(OCTETS, der(SEQUENCE, text(DNS_NAME, host)))),
      ),
    ),
  );
  const signature = der(BITS, Buffer.from([0]), sign('sha256', content, privateKey));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', der(SEQUENCE, content, algorithm, signature)),
  };
}

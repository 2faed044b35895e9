import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Framework } from './framework.ts';
import { open, type Site } from './site.ts';

const FORM = 'Content-Type: application/x-www-form-urlencoded';
const LARGEST = 16 * 1024;
/** More than all buffers between a client and a server may hold. */
const ENDLESS = 64 * 1024 * 1024;
const CHUNK = `2000\r\n${'x'.repeat(0x2000)}\r\n`;

/** A client that sends any bytes, and collects the answer. */
class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  answer = '';
  sent = 0;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk) => {
      this.answer += chunk;
    });
    // A server that stops reading may reset the connection. The bytes before the reset count.
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
  }

  async send(text: string): Promise<void> {
    this.sent += text.length;
    if (this.socket.write(text, 'latin1') || this.socket.destroyed) return;
    await Promise.race([once(this.socket, 'drain').catch(() => {}), this.closed]);
  }

  /** Resolves as soon as the whole answer is there. */
  async answered(): Promise<string> {
    while (!this.answer.includes('"status":') && !this.socket.destroyed) {
      await Promise.race([once(this.socket, 'data').catch(() => {}), this.closed]);
    }
    return this.answer;
  }
}

export function bodyLimit(framework: Framework): void {
  const signedIn = async (): Promise<{ site: Site; head(...lines: string[]): string; lives(): Promise<boolean> }> => {
    const site = await open(framework);
    const browser = site.browser();
    await browser.signIn('alice');
    const common = ['Host: x', `Cookie: ${browser.session}`, 'Sec-Fetch-Site: same-origin', FORM];
    return {
      site,
      head: (...lines) => `${['POST /sessions/sign-out HTTP/1.1', ...common, ...lines].join('\r\n')}\r\n\r\n`,
      lives: async () => (await browser.get('/private')).status === 200,
    };
  };
  const expectRefused = (answer: string): void => {
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer).toContain('urn:problem-type:session-revocation:body-too-large');
  };

  test('a Content-Length past the limit is a 413 before a byte of the body has come, and the connection closes', async () => {
    const { site, head, lives } = await signedIn();
    const client = new RawClient(site.url);
    await client.send(head(`Content-Length: ${LARGEST + 1}`));
    expectRefused(await client.answered());
    await client.closed;
    expect(await lives()).toBe(true);
  });

  test('a slow sender is answered at the limit, with the rest of its body to come, and its connection closes', async () => {
    const { site, head, lives } = await signedIn();
    const client = new RawClient(site.url);
    await client.send(`${head('Transfer-Encoding: chunked')}${CHUNK}${CHUNK}`);
    await client.send('1\r\nx\r\n');
    expectRefused(await client.answered());
    await client.send('1\r\nx\r\n');
    await client.closed;
    expect(await lives()).toBe(true);
  });

  test('a sender that knows no end is answered at the limit, and cut off', async () => {
    const { site, head, lives } = await signedIn();
    const client = new RawClient(site.url);
    await client.send(head('Transfer-Encoding: chunked'));
    while (!client.socket.destroyed && client.sent < ENDLESS) await client.send(CHUNK);
    await client.closed;
    expect(client.sent).toBeLessThan(ENDLESS);
    expectRefused(client.answer);
    expect(await lives()).toBe(true);
  });

  describe('a body of the largest size leaves the connection usable', () => {
    test.each([LARGEST, LARGEST - 1])('%i bytes', async (length) => {
      const { site, head } = await signedIn();
      const client = new RawClient(site.url);
      await client.send(head(`Content-Length: ${length}`) + 'returnTo=%2F'.padEnd(length, 'x'));
      await client.send('GET /public HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await client.closed;
      expect(client.answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 204', 'HTTP/1.1 200']);
    });
  });
}

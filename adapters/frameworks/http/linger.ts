import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

/** Time in ms for the client to read the answer. */
const MAX_LINGER = 2_000;
/** Bytes of the body that are discarded meanwhile. */
const MAX_DISCARDED = 256 * 1024;

/**
 * Closes the connection in two steps after a refused body (RFC 9112 9.6): the server's half first. If both halves close
 * at once while data is unread, the connection is reset, and a client that still sends loses the answer.
 */
export function lingerOnClose(request: IncomingMessage): void {
  const { socket } = request;
  // Starts reading. Otherwise Node would read and discard the whole body, without a limit. `read(0)` does not start it
  // if the buffer is full.
  request.read();
  socket.destroySoon = () => {
    socket.end();
    let left = MAX_DISCARDED;
    const timer = setTimeout(() => socket.destroy(), MAX_LINGER).unref();
    socket.once('close', () => clearTimeout(timer));
    request.once('end', () => socket.destroy());
    request.on('data', (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left < 0) socket.destroy();
    });
    request.unpipe();
    request.resume();
  };
}

/** Closes an HTTP/2 stream once the answer is sent (RFC 9113 8.1). Flow control holds back the body, and the connection stays open. */
export function closeStreamOnAnswer({ stream }: Http2ServerRequest): void {
  stream.once('finish', () => stream.close());
}

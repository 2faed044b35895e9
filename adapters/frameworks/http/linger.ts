import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

/** Time for the client to read the answer, in ms. */
const MAX_LINGER = 2_000;
/** Bytes of the body that are read and discarded meanwhile. */
const MAX_DISCARDED = 256 * 1024;

/**
 * Closes the connection in two steps after the answer to a request whose body is refused (RFC 9112 9.6): first the server's half, then
 * the rest. If it were closed at once with unread data, TCP would reset it, and a client that still sends would lose the answer.
 */
export function lingerOnClose(request: IncomingMessage): void {
  const { socket } = request;
  // Starts reading. Otherwise Node itself would read and discard the whole body, without a limit. `read(0)` does not start it if the
  // buffer is full.
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

/** Closes the stream of an HTTP/2 request after its answer (RFC 9113 8.1). Flow control holds back the unread body; the connection stays. */
export function closeStreamOnAnswer({ stream }: Http2ServerRequest): void {
  stream.once('finish', () => stream.close());
}

import { type IncomingHttpHeaders, request as send } from 'node:http';

/** A request as it is sent. The socket always connects to this machine, regardless of the host name. */
export interface Outgoing {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** A response. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON, or `null` if it is not JSON. */
  readonly json: Readonly<Record<string, unknown>> | null;
  /** The `Location` header as it was sent. */
  readonly location: string | null;
}

/** Sends a request and waits for all of its answer. Redirects are not followed. */
export function ask({ port, method, path, headers, body }: Outgoing): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        const isJson = /json/.test(headers['content-type'] ?? '') && text !== '';
        const json = isJson ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : null;
        resolve({ status: statusCode, headers, text, json, location: headers.location ?? null });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

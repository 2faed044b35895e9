import { isPlainObject } from '../../../src/adapter.ts';
import { invalidRequest } from '../../receivers/shared/answer.ts';
import { readBody } from '../../receivers/shared/body.ts';
import { parseRecord } from '../../receivers/shared/parse-record.ts';

/** What a receiver asks for (RFC 8936, 2.2). */
export interface PollRequest {
  /** 0 to 100. */
  readonly maxEvents: number;
  readonly returnImmediately: boolean;
  /** The `jti` of each event that was received and is right. */
  readonly ack: readonly string[];
  /** The `jti` of each event that is refused, and why. */
  readonly setErrs: ReadonlyMap<string, string>;
}

export const MAX_EVENTS = 100;

/** Reads and parses the body of a request. @throws `Refusal` if it is malformed. */
export async function readPollRequest(request: Request): Promise<PollRequest> {
  const body = parseRecord(await readBody(request, 'application/json'));
  if (body === null) throw invalidRequest('the body must be a JSON object');
  const { maxEvents = MAX_EVENTS, returnImmediately = false, ack = [], setErrs = {} } = body;
  if (!Number.isSafeInteger(maxEvents) || (maxEvents as number) < 0) {
    throw invalidRequest('maxEvents must be a whole number, 0 or more');
  }
  if (typeof returnImmediately !== 'boolean') throw invalidRequest('returnImmediately must be a boolean');
  if (!Array.isArray(ack) || !ack.every((jti): jti is string => typeof jti === 'string')) {
    throw invalidRequest('ack must be an array of texts');
  }
  if (!isPlainObject(setErrs) || !Object.values(setErrs).every(isPlainObject)) {
    throw invalidRequest('setErrs must be an object of { err, description }');
  }
  return {
    ...{ maxEvents: Math.min(maxEvents as number, MAX_EVENTS), returnImmediately, ack },
    setErrs: new Map(Object.entries(setErrs).map(([jti, error]) => [jti, textOf(error as PollError)])),
  };
}

interface PollError {
  readonly err?: unknown;
  readonly description?: unknown;
}

const textOf = ({ err, description }: PollError): string =>
  [err, description].filter((one) => typeof one === 'string').join(': ') || 'the receiver gave no reason';

/** A reply. Numbers are text. A map is a list in which each key is followed by its value. */
export type Reply = string | null | Error | Push | readonly Reply[];

/** A message that the server sends without a command. */
export class Push {
  readonly parts: readonly Reply[];

  constructor(parts: readonly Reply[]) {
    this.parts = parts;
  }
}

export const commandOf = (parts: readonly string[]): string =>
  [`*${parts.length}`, ...parts.flatMap((part) => [`$${Buffer.byteLength(part)}`, part]), ''].join('\r\n');

const LINE_END = '\r\n';

/** Reads replies in RESP3, the protocol of Redis 6 and later. */
export class Resp3Reader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  read(chunk: Buffer): readonly Reply[] {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
    this.#at = 0;
    const replies: Reply[] = [];
    for (;;) {
      const begin = this.#at;
      const reply = this.#next();
      if (reply === undefined) {
        this.#at = begin;
        return replies;
      }
      replies.push(reply);
    }
  }

  /** Reads one reply. Returns `undefined` if the rest of it has not arrived. */
  #next(): Reply | undefined {
    const end = this.#bytes.indexOf(LINE_END, this.#at);
    if (end < 0) return undefined;
    const type = this.#bytes.toString('latin1', this.#at, this.#at + 1);
    const line = this.#bytes.toString('utf8', this.#at + 1, end);
    this.#at = end + LINE_END.length;
    switch (type) {
      case '$':
        return this.#text(Number(line));
      case '=':
        // A verbatim string begins with its format: three letters and a colon.
        return this.#text(Number(line), 4);
      case '*':
      case '~':
        return this.#list(Number(line));
      case '%':
        return this.#list(2 * Number(line));
      case '>': {
        const parts = this.#list(Number(line));
        return parts === undefined ? undefined : new Push(parts ?? []);
      }
      case '-':
        return new Error(line);
      case '_':
        return null;
      case '+':
      case ':':
      case ',':
      case '#':
        return line;
      default:
        throw new Error(`Redis sent '${type}', which is unknown here`);
    }
  }

  #text(length: number, from = 0): string | null | undefined {
    if (length < 0) return null;
    const begin = this.#at;
    const end = begin + length;
    if (this.#bytes.length < end + LINE_END.length) return undefined;
    this.#at = end + LINE_END.length;
    return this.#bytes.toString('utf8', begin + from, end);
  }

  #list(length: number): readonly Reply[] | null | undefined {
    if (length < 0) return null;
    const items: Reply[] = [];
    while (items.length < length) {
      const item = this.#next();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}

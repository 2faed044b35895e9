const CHUNK_BITS = 9;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const IN_CHUNK = CHUNK_ROWS - 1;

/** A table of numbers. It grows in chunks, so that growing copies nothing and leaves little memory unused. */
export class Columns {
  readonly #width: number;
  readonly #chunks: Float64Array[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** Returns a number. The row must have been written before. */
  get(row: number, column: number): number {
    return this.#chunks[row >> CHUNK_BITS]?.[(row & IN_CHUNK) * this.#width + column] as number;
  }

  set(row: number, column: number, value: number): void {
    const at = row >> CHUNK_BITS;
    while (this.#chunks.length <= at) this.#chunks.push(new Float64Array(CHUNK_ROWS * this.#width));
    (this.#chunks[at] as Float64Array)[(row & IN_CHUNK) * this.#width + column] = value;
  }
}

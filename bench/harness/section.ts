/** Does the nth piece of work. If it answers with a verdict, the verdict must accept. */
export type Work = (nth: number) => unknown;

/** A part of a race: pieces of work, from the `from`th on. */
export interface Block {
  readonly from: number;
  readonly count: number;
  readonly inFlight: number;
}

/** What a piece of work took, in µs. */
export interface BlockTook {
  readonly wall: number;
  readonly processor: number;
}

export interface Prepared {
  readonly work?: Work;
  /** Replaces `work` where another process does it: measures a block of any size. */
  measure?(): Promise<BlockTook>;
  /** Frees what the contender holds. */
  stop?(): unknown;
}

/** Prepares a contender, in a process of its own. `shared` is what the race prepared. */
export type Contender<Shared> = (shared: Shared) => Promise<Work | Prepared>;

/** The ratio of two contenders that is hoped for. */
export interface Goal {
  readonly of: string;
  readonly to: string;
  readonly atMost: number;
}

/** Contenders that do the same work. The first one is the floor: the others are ratios to it. */
export interface Race<Shared = unknown> {
  readonly title: string;
  /** Pieces of work in flight at a time. Default: 1. */
  readonly inFlight?: readonly number[];
  /** Default: 15. */
  readonly rounds?: number;
  /**
   * `'processor'`: the processor time of the contender's process, which other work on the machine hardly changes. For work that waits for
   * nothing. Default: `'wall'`.
   */
  readonly clock?: 'wall' | 'processor';
  /** Prepares what all contenders share. The answer must survive JSON. `null` leaves the race out: a server is missing. */
  prepare?(): Promise<Shared | null>;
  clear?(shared: Shared): Promise<unknown>;
  readonly contenders: Readonly<Record<string, Contender<Shared>>>;
  readonly goals?: readonly Goal[];
}

/** Figures that are no race. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A chapter of the report, and a file in `sections`. */
export interface Section {
  readonly title: string;
  /** Markdown: what is measured, and what this library loses at and why. */
  readonly about: string;
  /** The longest time that it may take. */
  readonly minutes: number;
  /** True if it compares with packages of `bench/package.json`. */
  readonly peers?: boolean;
  readonly races?: readonly Race[];
  tables?(): Promise<readonly Table[]>;
}

/** Hides the type of what a race's contenders share. */
export const race = <Shared>(race: Race<Shared>): Race => race as Race;

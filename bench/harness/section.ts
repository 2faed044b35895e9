/** Does the nth piece of work. If it returns a verdict, the verdict must accept. */
export type Work = (nth: number) => unknown;

/** A part of a race: `count` pieces of work, from number `from` on. */
export interface Block {
  readonly from: number;
  readonly count: number;
  readonly inFlight: number;
}

/** Time per piece of work, in µs. */
export interface BlockTook {
  readonly wall: number;
  readonly processor: number;
}

export interface Prepared {
  readonly work?: Work;
  /** Replaces `work` if another process does the work. Measures one block of any size. */
  measure?(): Promise<BlockTook>;
  /** Releases the contender's resources. */
  stop?(): unknown;
}

/** Prepares a contender in its own process. `shared` is the result of the race's `prepare`. */
export type Contender<Shared> = (shared: Shared) => Promise<Work | Prepared>;

/** A goal: the time of `of` is at most `atMost` times the time of `to`. */
export interface Goal {
  readonly of: string;
  readonly to: string;
  readonly atMost: number;
}

/** Contenders that do the same work. The first one is the floor. Results of the others are ratios to it. */
export interface Race<Shared = unknown> {
  readonly title: string;
  /** Pieces of work in flight at a time. Default: 1. */
  readonly inFlight?: readonly number[];
  /** Default: 15. */
  readonly rounds?: number;
  /**
   * `'processor'` counts the processor time of the contender's process. Other programs on the machine hardly change it.
   * For work that never waits. Default: `'wall'`.
   */
  readonly clock?: 'wall' | 'processor';
  /**
   * Prepares the data that all contenders share. It must survive JSON. `null` skips the race, because a server is
   * missing.
   */
  prepare?(): Promise<Shared | null>;
  clear?(shared: Shared): Promise<unknown>;
  readonly contenders: Readonly<Record<string, Contender<Shared>>>;
  readonly goals?: readonly Goal[];
}

/** Figures that do not come from a race. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Draws the figures as lines. */
  readonly lines?: Lines;
}

/** Values of several things at the same points, such as numbers of sessions. Both axes are logarithmic. */
export interface Lines {
  /** What the points count, such as "sessions". */
  readonly of: string;
  readonly at: readonly number[];
  readonly unit: string;
  readonly series: Readonly<Record<string, readonly number[]>>;
}

/** A chapter of the report. Each one is a file in `sections`. */
export interface Section {
  readonly title: string;
  /** Markdown. Says what the section measures, and where and why this library loses. */
  readonly about: string;
  /** The maximum duration. */
  readonly minutes: number;
  /** True if the section compares this library with packages of `bench/package.json`. */
  readonly peers?: boolean;
  readonly races?: readonly Race[];
  tables?(): Promise<readonly Table[]>;
}

/** Hides the type of the data that a race's contenders share. */
export const race = <Shared>(race: Race<Shared>): Race => race as Race;

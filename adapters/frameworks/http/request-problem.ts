import type { ProblemName } from './answer.ts';

/** Something is wrong with what a client sent; the message may be shown to it. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly problem: ProblemName;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, problem: ProblemName = 'bad-request', headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.problem = problem;
    this.headers = headers;
  }
}

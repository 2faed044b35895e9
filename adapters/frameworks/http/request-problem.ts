import type { ProblemName } from './answer.ts';

/** Something is wrong with what a client sent; the message may be shown to it. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly problem: ProblemName;

  constructor(message: string, problem: ProblemName = 'bad-request') {
    super(message);
    this.problem = problem;
  }
}

/** Something is wrong with what a client sent; the message may be shown to it. Answered with 400. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
}

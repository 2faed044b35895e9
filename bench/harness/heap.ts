/** Returns the bytes in use after garbage collection, on the heap and outside it. */
export function bytesInUse(): number {
  if (gc === undefined) throw new Error('Node must run with --expose-gc.');
  for (let round = 0; round < 4; round++) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

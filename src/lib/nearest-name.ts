function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({
    candidate,
    distance: distanceOf(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const [best] = ranked.sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= MAX_CHANGES ? best.candidate : undefined;
}

/** Returns the end of a message: the known names, and the one that a misspelt name most likely means. */
export function among(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const all = `nown are ${known.join(', ')}`;
  return near === undefined ? `k${all}` : `did you mean ${near}? K${all}`;
}

const MAX_CHANGES = 2;
const MIN_SHARED = 4;

/** Levenshtein distance; 1 if one name is a part of the other. */
function distanceOf(a: string, b: string): number {
  if (a.length >= MIN_SHARED && b.length >= MIN_SHARED && (a.includes(b) || b.includes(a)))
    return Math.min(1, Math.abs(a.length - b.length));
  // A short name is near to almost every name.
  if (Math.abs(a.length - b.length) > MAX_CHANGES || Math.min(a.length, b.length) < MIN_SHARED)
    return a === b ? 0 : Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? Infinity;
}

/** Seed of the random choices in a test file. `SEED=7 npx vitest run …` repeats the choices of a failed run. */
export const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** Adds the seed to a title, so that each run and each failure shows it. */
export const withSeed = (title: string): string => `${title} (SEED=${SEED})`;

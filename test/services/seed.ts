/** What the random choices of a test file follow from. `SEED=7 npx vitest run …` gives the choices of a run that failed. */
export const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** For the title of a group of tests, so that each run and each failure tells it. */
export const withSeed = (title: string): string => `${title} (SEED=${SEED})`;

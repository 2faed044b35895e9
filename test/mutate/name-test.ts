// A setup file of Vitest. It tells `reach` which test file runs.
declare const __vitest_worker__: { readonly filepath: string };

process.env.MUTATE_TEST = __vitest_worker__.filepath;

// A setup file of Vitest: `reach` wants to know which file of tests runs.
declare const __vitest_worker__: { readonly filepath: string };

process.env.MUTATE_TEST = __vitest_worker__.filepath;

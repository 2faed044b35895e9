import fc from 'fast-check';

// The same examples in every run: a rare one that fails is for those who look for it, with a seed of their own.
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });

export { fc };

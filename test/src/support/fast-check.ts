import fc from 'fast-check';

// Every run uses the same examples. Set PROPERTY_SEED to another seed to search for rare failures.
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });

export { fc };

import type { Finding } from '../../../src/adapter.ts';

export const ok = (subject: string, found: string): Finding => ({ subject, level: 'ok', found, advice: null });

export const warning = (subject: string, found: string, advice: string): Finding => ({
  ...{ subject, level: 'warning', found, advice },
});

export const problem = (subject: string, found: string, advice: string): Finding => ({
  ...{ subject, level: 'problem', found, advice },
});

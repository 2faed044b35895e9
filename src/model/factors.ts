// This file imports nothing, because the login-management card reads it too.

/** Other methods prove nothing, because their meaning is not registered (RFC 8176, section 2). */
const FACTORS: Readonly<Record<string, string>> = {
  ...{ pwd: 'knowledge', pin: 'knowledge', kba: 'knowledge' },
  ...{ otp: 'possession', sms: 'possession', tel: 'possession', hwk: 'possession', swk: 'possession' },
  ...{ sc: 'possession', pop: 'possession' },
  ...{ fpt: 'inherence', face: 'inherence', iris: 'inherence', retina: 'inherence', vbm: 'inherence' },
};

/** Tells whether the user authenticated with factors of two types (NIST SP 800-63B-4, 2.2), or the method is `mfa`. */
export function hasTwoFactors(amr: readonly string[]): boolean {
  if (amr.includes('mfa')) return true;
  const sorts = amr.filter((method) => Object.hasOwn(FACTORS, method)).map((method) => FACTORS[method]);
  return new Set(sorts).size >= 2;
}

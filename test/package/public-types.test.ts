import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import tsconfig from '../../tsconfig.json' with { type: 'json' };
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';

const root = join(import.meta.dirname, '../..');

function program(files: readonly string[], virtual: Readonly<Record<string, string>> = {}): ts.Program {
  const { options } = ts.parseJsonConfigFileContent(tsconfig, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name in virtual || fileExists(name);
  host.readFile = (name) => virtual[name] ?? readFile(name);
  host.getSourceFile = (name, language) =>
    name in virtual ? ts.createSourceFile(name, virtual[name]!, language) : getSourceFile(name, language);
  return ts.createProgram([...files], options, host);
}

const PRIMITIVE =
  ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BigIntLike | ts.TypeFlags.BooleanLike;

describe('the public types', { timeout: TEST_TIMEOUT }, () => {
  const entries = Object.values(tsconfig.compilerOptions.paths).map(([source]) => join(root, source!));

  test('hold no any', () => {
    const built = program(entries);
    const checker = built.getTypeChecker();
    const found: string[] = [];
    const seen = new Set<ts.Type>();

    const visit = (type: ts.Type, path: string): void => {
      if (type.flags & ts.TypeFlags.Any) found.push(path);
      if (seen.has(type)) return;
      seen.add(type);
      const declared = (type.symbol ?? type.aliasSymbol)?.declarations?.[0]?.getSourceFile().fileName ?? '';
      if (type.flags & PRIMITIVE) return;
      if (type.isUnionOrIntersection()) {
        for (const part of type.types) visit(part, path);
        return;
      }
      // Types of Node, of Express and of the language may contain `any`.
      if (declared !== '' && !declared.startsWith(join(root, 'src')) && !declared.startsWith(join(root, 'adapters')))
        return;
      for (const argument of checker.getTypeArguments(type as ts.TypeReference)) visit(argument, `${path}<>`);
      for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
        for (const parameter of signature.parameters)
          visit(checker.getTypeOfSymbol(parameter), `${path}(${parameter.name})`);
        visit(signature.getReturnType(), `${path}()`);
      }
      for (const property of type.getProperties()) {
        // TypeScript types a class's `prototype` with `any`. The construct signatures above cover the instances.
        if (property.flags & ts.SymbolFlags.Prototype) continue;
        visit(checker.getTypeOfSymbol(property), `${path}.${property.name}`);
      }
    };

    let looked = 0;
    for (const entry of entries) {
      const module = checker.getSymbolAtLocation(built.getSourceFile(entry)!)!;
      for (const exported of checker.getExportsOfModule(module)) {
        const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
        looked++;
        if (symbol.flags & ts.SymbolFlags.Value) visit(checker.getTypeOfSymbol(symbol), exported.name);
        if (symbol.flags & ts.SymbolFlags.Type) visit(checker.getDeclaredTypeOfSymbol(symbol), exported.name);
      }
    }
    expect(found).toEqual([]);
    expect(looked).toBeGreaterThan(110);
  });

  const WRONG: Readonly<Record<string, string>> = {
    'a misspelt option': `createSessions({ store, lifetme: { absolute: '1d' } });`,
    'no store': `createSessions({ realm: 'x' });`,
    'a duration in words': `createSessions({ store, touchEvery: '30 days and a bit' });`,
    'an unknown overflow': `createSessions({ store, limit: { perUser: 3, overflow: 'newest' } });`,
    'an unknown replacement': `createSessions({ store, replace: 'same-user' });`,
    'a realm that a kind survives': `createSessions({ store, kinds: { api: { survives: ['realm'] } } });`,
    'no fence': `sessions.start({ user: 'u' });`,
    'an unknown scope': `sessions.revoke({ users: 'u' });`,
    'a realm that is not true': `sessions.revoke({ realm: 'dashboard' });`,
    'a row of a list to keep': `const { sessions: [row] } = await sessions.list({ user: 'u' }); sessions.revoke({ user: 'u' }, { keep: row! });`,
    'a copy of a session': `const v = await sessions.check('t'); if (v.ok) sessions.renew({ ...v.session });`,
    'a session that may be null': `const v = await sessions.check('t'); sessions.renew(v.session);`,
    'an unknown event': `sessions.on('session.begun', () => {});`,
    'a member that an event lacks': `sessions.on('session.started', (event) => event.token);`,
    'ending without a user': `sessions.end('id', {});`,
    'an unknown trigger': `sessions.trigger('passwordchanged', { user: 'u' });`,
    'a trigger that another realm has': `createSessions({ store, triggers: { moved: 'none' } }).trigger('left', { user: 'u' });`,
    'an unknown effect': `createSessions({ store, triggers: { moved: 'later' } });`,
    'a trigger for an account': `sessions.trigger('memberRemoved', { account: 'a' });`,
    'an unknown policy': `sessions.setPolicy('a', { signOut: 'all' });`,
    'a policy of nothing': `createSessions({ store, policy: () => undefined });`,
    'a level that there is not': `createSessions({ store, lifetime: aal(4) });`,
    'a name for no event': `createSessions({ store, audit: { names: { 'session.begun': 'x' } } });`,
    'a sign-out of a row': `const { sessions: [row] } = await sessions.list({ user: 'u' }); sessions.signOut(row!);`,
    'what would end, of no dry run': `const r = await sessions.revoke({ user: 'u' }); r.wouldEnd;`,
    'idle sessions of a realm': `sessions.endIdle({ realm: true, unusedFor: '1d' });`,
    'idle for no time': `sessions.endIdle({ account: 'a' });`,
    'a review of a user': `sessions.review({ user: 'u' });`,
    'a log of several users': `sessions.audit({ user: ['u', 'v'] });`,
    'a client with a token': `sessions.check('t', { token: 't' });`,
    'an entry that is changed': `const { entries } = await sessions.audit(); entries[0]!.by = 'x';`,
    'an unknown sameSite': `authentication(sessions, { cookie: { sameSite: 'relaxed' } });`,
    'no maximal age': `requireRecentSignIn({});`,
    'a verify of nothing': `auth.signIn({ user: 'u', verify: () => {} });`,
    'a verify that answers an object': `auth.signIn({ user: 'u', verify: () => ({ ok: false }) });`,
    'a verify that answers a text': `auth.signIn({ user: 'u', verify: () => 'false' });`,
    'a verify that answers a number': `auth.signIn({ user: 'u', verify: () => 1 });`,
    'a verify that answers an array': `auth.signIn({ user: 'u', verify: () => [] });`,
    'a verify that answers a response': `auth.signIn({ user: 'u', verify: async () => new Response() });`,
    'a verify that answers an error': `auth.signIn({ user: 'u', verify: () => new Error() });`,
    'a verify that may answer undefined': `auth.signIn({ user: 'u', verify: async () => [true].at(0) });`,
    'a verify that answers more than methods': `auth.signIn({ user: 'u', verify: () => ({ amr: ['pwd'], user: 'u' }) });`,
    'a second verify that answers an object': `auth.reauthenticate({ verify: () => ({ ok: true }) });`,
    'an authorize that answers an object': `sessionRoutes(sessions, { authorize: () => ({ ok: false }) });`,
    'an authorize that answers nothing': `sessionRoutes(sessions, { authorize: () => null });`,
    'a loginUrl of nothing': `authentication(sessions, { loginUrl: () => undefined });`,
    'a user of a token by a promise': `tokenGuard(sessions, { user: async ({ sub }) => sub });`,
    'a time of a token as a text': `tokenGuard(sessions, { authTime: () => '7' });`,
  };
  const RIGHT = `createSessions({ store, lifetime: { absolute: '30d', idle: null }, kinds: { api: { survives: ['user'] } } });
    const v = await sessions.check('t'); if (v.ok) await sessions.revoke({ user: 'u' }, { keep: v.session, by: 'u' });
    sessions.on('sessions.revoked', (event) => event.scope satisfies string);
    const own = createSessions({ store, triggers: { moved: 'everywhere', passwordReset: { revoke: 'none' } } });
    const moved = await own.trigger('moved', { user: 'u' }); if (moved.revoked) moved.notKept satisfies string | null;
    const dry = await own.revoke({ user: 'u' }, { dryRun: true }); if (!dry.revoked && dry.reason === 'dry-run') dry.wouldEnd.more satisfies boolean;
    const wrapped = (options: Partial<SessionsOptions>) => createSessions({ store, ...options, lifetime: aal(2, { idle: '5m' }) });
    wrapped({ triggers: { emailChanged: 'none' }, policy: async () => ({ signOut: 'session' }), audit: true }).trigger('emailChanged', { user: 'u' });
    authentication(sessions, { loginUrl: '/login' });
    for (const proof of [true, false, null, { amr: ['pwd'] }] satisfies Proof[])
      for (const verify of [() => proof, async () => proof]) { await auth.signIn({ user: null, verify }); await auth.reauthenticate({ verify }); }
    sessionRoutes(sessions, { authorize: async () => false });`;
  const before = `import { aal, createSessions, type SessionsOptions } from 'session-revocation';
    import { memoryStore } from 'session-revocation/memory';
    import { type Auth, authentication, type Proof, requireRecentSignIn, sessionRoutes } from 'session-revocation/express';
    import { tokenGuard } from 'session-revocation/jwt';
    declare const auth: Auth; sessionRoutes; tokenGuard; export type Proofs = Proof;
    const store = memoryStore(); const sessions = createSessions({ store });
    authentication; requireRecentSignIn; aal; export {}; export type Options = SessionsOptions;\n`;

  test('refuse what is wrong, case by case', () => {
    const cases = { ...WRONG, 'what is right': RIGHT };
    const names = Object.fromEntries(
      Object.entries(cases).map(([name], at) => [name, join(root, `test/package/case-${at}.ts`)]),
    );
    const virtual = Object.fromEntries(Object.entries(cases).map(([name, text]) => [names[name]!, before + text]));
    const built = program(Object.values(names), virtual);
    const refused = Object.keys(cases).filter((name) => {
      const source = built.getSourceFile(names[name]!)!;
      return built.getSemanticDiagnostics(source).length + built.getSyntacticDiagnostics(source).length > 0;
    });
    expect(refused).toEqual(Object.keys(WRONG));
  });
});

test('jose stays out of what the core declares', () => {
  for (const [source] of Object.values(tsconfig.compilerOptions.paths)) {
    expect(readFileSync(join(root, source!), 'utf8')).not.toMatch(/from 'jose'/);
  }
});

import { join } from 'node:path';
import { createSessions, REASON_CODES, SessionError, type SessionErrorCode } from 'session-revocation';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { type ProblemName, problem } from '../../adapters/frameworks/http/answer.ts';
import { EVENT_TYPES } from '../../src/events/event-types.ts';
import tsconfig from '../../tsconfig.json' with { type: 'json' };
import { pages, root, type Table, tablesOf } from './markdown.ts';

/** Page, section and first heading of a table, and the options that it describes. */
type Reference = readonly [page: string, section: string, column: string, ...subjects: string[]];

/**
 * The table of each set of options. A subject is an entry of the package and a function of it, or a type. Of a function, the options are
 * its last parameter. `createSessions.limit` are the options in an option, and `<kind>` is any name.
 */
const REFERENCES: readonly Reference[] = [
  ['options.md', 'Options of createSessions', 'option', 'index createSessions'],
  [
    ...(['options.md', 'Options in options', 'option'] as const),
    ...['index createSessions.lifetime', 'index createSessions.kinds.<kind>', 'index createSessions.limit'],
    ...['index createSessions.triggers.<trigger>', 'index createSessions.audit'],
  ],
  ['concepts.md', 'Triggers: what happened, and what it ends', 'trigger', 'index createSessions.triggers'],
  ['freshness.md', 'Freshness', 'option', 'index createSessions.freshness'],
  ['signals.md', 'Options', 'option', 'index createSessions.signal'],

  ['sqlite.md', 'Options', 'option', 'sqlite sqliteStore'],
  ['postgres.md', 'Options', 'option', 'postgres postgresStore'],
  ['postgres.md', 'Tables, upgrades and rights', 'option of `postgresSchema`', 'postgres postgresSchema'],
  ['mysql.md', 'Clients', 'option', 'mysql mysqlStore', 'mysql fromMysql2', 'mysql fromMariadb'],
  ['mysql.md', 'Tables', 'option of `mysqlSchema`', 'mysql mysqlSchema'],
  ['redis.md', 'Options', 'option', 'redis redisStore'],
  ['redis.md', 'Options', 'option of `replicas`', 'redis redisStore.replicas'],
  ['redis.md', 'Changes', 'member', 'redis redisStore.changes'],
  ['stores.md', 'Many checks at once', 'option of `batched`', 'adapter batched'],

  [
    ...(['http.md', 'authentication', 'option'] as const),
    ...['express authentication', 'fastify authentication', 'fetch authentication', 'koa authentication'],
  ],
  ['http.md', 'The cookie', '`cookie`', 'express authentication.cookie'],
  ['http.md', 'Access tokens', '`bearer`', 'express authentication.bearer'],
  ['http.md', 'requireSession', 'option', 'express requireSession'],
  ['http.md', 'requireRecentSignIn', 'option', 'express requireRecentSignIn'],
  [
    ...(['http.md', 'sessionRoutes', 'option'] as const),
    ...['express sessionRoutes', 'fastify sessionRoutes', 'fetch sessionRoutes', 'koa sessionRoutes'],
  ],
  [
    'fastify.md',
    'session-revocation/fastify',
    'option of both plugins',
    'fastify authentication',
    'fastify sessionRoutes',
  ],
  ['fetch.md', 'session-revocation/fetch', 'option of `sessionRoutes`', 'fetch sessionRoutes'],
  ['koa.md', 'session-revocation/koa', 'option of `sessionRoutes`', 'koa sessionRoutes'],
  ['express-session.md', 'The few lines', 'option of `bridge`', 'express-session bridge'],
  ['fastify-session.md', 'The few lines', 'option of `bridge`', 'fastify-session bridge'],
  ['koa-session.md', 'The few lines', 'option of `bridge`', 'koa-session bridge'],
  ['signals.md', 'A WebSocket', 'option', 'express authenticateUpgrade'],
  [
    ...(['signals.md', 'Behind another session layer', 'option of `bridged.upgrade`'] as const),
    ...['express-session UpgradeRequirements', 'fastify-session FastifyUpgradeOptions'],
  ],

  ['jwt.md', 'Options', 'option', 'jwt accessTokens'],
  ['guard.md', 'Options', 'option of `tokenGuard`', 'jwt tokenGuard'],
  ['guard.md', 'Checking their signature', 'option of `externalTokens`', 'jwt externalTokens'],

  [
    ...(['notifiers.md', 'Notifiers', 'option'] as const),
    ...['redisNotifier', 'postgresNotifier', 'natsNotifier', 'threadsNotifier', 'clusterNotifier'].map(
      (name) => `notifiers ${name}`,
    ),
  ],
  ['notifiers.md', 'Redis and Valkey', 'option of `redisNotifier`', 'notifiers redisNotifier'],

  ['provider-logout.md', 'Back-channel logout', 'option', 'receivers backChannelLogout'],
  ['provider-logout.md', 'Global Token Revocation', 'option', 'receivers globalTokenRevocation'],
  ['provider-logout.md', 'Shared signals', 'option', 'receivers sharedSignals'],
  ['provider-logout.md', 'Shared signals', 'event', 'receivers sharedSignals.actions'],
  ['provider-logout.md', 'Shared signals', 'option of `poll`', 'receivers PollOptions'],
  [
    ...(['token-endpoints.md', 'Token endpoints: revocation and introspection', 'option'] as const),
    ...['receivers tokenRevocation', 'receivers tokenIntrospection'],
  ],

  ['transmitters.md', 'Deliver', 'option', 'transmitters transmit'],
  ['transmitters.md', 'Webhooks', 'option', 'transmitters webhook'],
  ['transmitters.md', 'Back-channel logout', 'option', 'transmitters logoutTokens'],
  [
    ...(['transmitters.md', 'Shared signals', 'option of a stream'] as const),
    ...['transmitters SharedSignalsPushOptions', 'transmitters SharedSignalsPollOptions'],
  ],
  ['transmitters.md', 'Poll', 'option of `sharedSignalsPoll`', 'transmitters SharedSignalsPollOptions'],
  [
    ...(['transmitters.md', 'Endpoints of a stream', 'option of `sharedSignalsEndpoints`'] as const),
    'transmitters sharedSignalsEndpoints',
  ],
  ['transmitters.md', 'Endpoints of a stream', '`urls`', 'transmitters sharedSignalsEndpoints.urls'],

  ['writing-a-store.md', 'The contract suite', 'option of `storeContract`', 'testing storeContract'],
  ['writing-a-notifier.md', 'Tests', 'option of `notifierContract`', 'testing notifierContract'],
];

/** Tables that name their options with the option that these are in. */
const DOTTED = 'Options in options';

/** Pages whose options are those of programs: the command line and the mutation tests. */
const PROGRAMS = ['docs/cli.md', 'docs/mutation.md'];

/** Values that are no options: a store, the names of the events, and a set of keys (RFC 7517). */
const NO_OPTIONS = /^index createSessions\.(store|audit\.names)$|\.jwks$/;

const { options } = ts.parseJsonConfigFileContent(tsconfig, ts.sys, root);
// The component for browsers has attributes and no options.
const entries = Object.entries(tsconfig.compilerOptions.paths).filter(([name]) => !name.endsWith('/ui'));
const program = ts.createProgram(
  entries.map(([, [source = '']]) => join(root, source)),
  { ...options, types: ['node'] },
);
const checker = program.getTypeChecker();

function exportsOf(source: string): readonly ts.Symbol[] {
  const file = program.getSourceFile(join(root, source));
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${source} is no module of the program`);
  return checker.getExportsOfModule(module);
}

function declaredIn(source: string, name: string): ts.Symbol {
  const symbol = exportsOf(source).find((found) => found.name === name);
  if (symbol === undefined) throw new Error(`${source} exports no ${name}`);
  return symbol;
}

const exported: ReadonlyMap<string, ts.Symbol> = new Map(
  entries.flatMap(([name, [source = '']]) =>
    exportsOf(source).map((symbol) => [`${name.split('/')[1] ?? 'index'} ${symbol.name}`, symbol] as const),
  ),
);

const original = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const signaturesOf = (symbol: ts.Symbol): readonly ts.Signature[] =>
  symbol.flags & ts.SymbolFlags.Value ? checker.getTypeOfSymbol(symbol).getCallSignatures() : [];

const partsOf = (type: ts.Type): readonly ts.Type[] => {
  const present = checker.getNonNullableType(type);
  return present.isUnion() ? present.types : [present];
};

const isFunction = (type: ts.Type): boolean => partsOf(type).every((part) => part.getCallSignatures().length > 0);
const isInstance = (type: ts.Type): boolean => ((type.getSymbol()?.flags ?? 0) & ts.SymbolFlags.Class) !== 0;
const isOurs = (symbol: ts.Symbol): boolean =>
  (symbol.declarations ?? []).every((declared) => !declared.getSourceFile().fileName.includes('/node_modules/'));

/** Returns the options that a type has. An object of a class or of methods alone, such as a clock, has none. */
function membersOf(type: ts.Type): readonly ts.Symbol[] {
  return partsOf(type).flatMap((part) => {
    if (!(part.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) || isFunction(part)) return [];
    if (isInstance(part) || checker.isArrayType(part) || checker.isTupleType(part)) return [];
    const members = part.getProperties().filter(isOurs);
    return members.some((member) => !isFunction(checker.getTypeOfSymbol(member))) ? members : [];
  });
}

const memberType = (type: ts.Type): ts.Type =>
  type.getStringIndexType() ?? checker.getTypeOfSymbol(type.getProperties()[0] as ts.Symbol);

/** Returns the type of a subject: `index createSessions.limit`. */
function typeOf(subject: string): ts.Type {
  const [name = '', ...steps] = subject.split('.');
  const symbol = exported.get(name);
  if (symbol === undefined) throw new Error(`${name} is not exported`);
  const parameter = signaturesOf(original(symbol))[0]?.parameters.at(-1);
  const start =
    parameter === undefined ? checker.getDeclaredTypeOfSymbol(original(symbol)) : checker.getTypeOfSymbol(parameter);
  return steps.reduce((type, step) => {
    if (step.startsWith('<')) return memberType(checker.getNonNullableType(type));
    const member = membersOf(type).find((found) => found.name === step);
    if (member === undefined) throw new Error(`${subject} has no ${step}`);
    return checker.getTypeOfSymbol(member);
  }, start);
}

const namesOf = (subject: string): string[] => membersOf(typeOf(subject)).map((member) => member.name);

/** Returns the texts of code in a cell. */
const codesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

const tables = (await Promise.all(pages.map(tablesOf))).flat();

function tableAt([page, section, column]: readonly [
  page: string,
  section: string,
  column: string,
  ...unknown[],
]): Table {
  const found = tables.filter((table) => {
    return table.page === `docs/${page}` && table.section === section && table.column === column;
  });
  if (found.length !== 1) throw new Error(`docs/${page}, ${section}: ${found.length} tables begin with ${column}`);
  return found[0] as Table;
}

/** Returns the names that stand in the first column of a table. */
const entriesOf = (...place: Parameters<typeof tableAt>[0]): string[] =>
  tableAt(place).rows.flatMap(([cell]) => codesIn(cell));

/** Returns the names that a table uses for the options of a subject. */
function namesAt(section: string, subject: string): string[] {
  const [, ...steps] = subject.split('.');
  return namesOf(subject).map((name) => (section === DOTTED ? [...steps, name].join('.') : name));
}

const sorted = (names: readonly string[]): string[] => [...names].sort();

/** Returns the texts of a union of texts. */
const literalsOf = (symbol: ts.Symbol): string[] =>
  partsOf(checker.getDeclaredTypeOfSymbol(symbol)).map((part) => (part as ts.StringLiteralType).value);

describe('docs/errors.md', () => {
  const place = ['errors.md', 'Errors', 'code'] as const;

  test('has exactly one entry for each error code, and no other', () => {
    expect(sorted(entriesOf(...place))).toEqual(
      sorted(literalsOf(declaredIn('src/lib/errors.ts', 'SessionErrorCode'))),
    );
  });

  test('tells the status of each code', () => {
    for (const [cell, status] of tableAt(place).rows) {
      const [code] = codesIn(cell);
      expect([code, status]).toEqual([code, String(new SessionError(code as SessionErrorCode, '').status)]);
    }
  });
});

describe('docs/http.md', () => {
  const place = ['http.md', 'Problems', 'name'] as const;

  test('has exactly one entry for each type of problem, and no other', () => {
    const names = literalsOf(declaredIn('adapters/frameworks/http/answer.ts', 'ProblemName'));
    expect(sorted(entriesOf(...place))).toEqual(sorted(names));
  });

  test('tells the status and the title of each problem', () => {
    for (const [cell, status, title] of tableAt(place).rows) {
      const [name] = codesIn(cell);
      const body = JSON.parse(problem(name as ProblemName).body ?? '');
      const type = `urn:problem-type:session-revocation:${name}`;
      expect([type, status, title]).toEqual([body.type, String(body.status), body.title]);
    }
  });

  test('has exactly one entry for each reason code, and no other', () => {
    expect(sorted(entriesOf('http.md', 'Why a session is over', 'code'))).toEqual(sorted(REASON_CODES));
  });
});

describe('docs/monitoring.md', () => {
  const place = ['monitoring.md', 'Events', 'event'] as const;
  const details = checker.getDeclaredTypeOfSymbol(declaredIn('src/events/event-types.ts', 'SessionEventDetails'));

  test('has exactly one entry for each event, and no other', () => {
    expect(sorted(entriesOf(...place))).toEqual(sorted(details.getProperties().map(({ name }) => name)));
    expect(sorted(EVENT_TYPES)).toEqual(sorted(entriesOf(...place)));
  });

  test.each(tableAt(place).rows)('%s: names each member once, and no other', (cell, _when, members) => {
    const [event = ''] = codesIn(cell);
    const type = checker.getTypeOfSymbol(details.getProperty(event) as ts.Symbol);
    expect(sorted(codesIn(members))).toEqual(sorted(type.getProperties().map(({ name }) => name)));
  });
});

describe('the tables of options', () => {
  const subjects = [...new Set(REFERENCES.flatMap(([, , , ...named]) => named))];

  const isOfProgram = ({ page }: Table): boolean => PROGRAMS.includes(page);

  test.each(subjects)('%s: each option has exactly one row', (subject) => {
    const expected = namesOf(subject);
    expect(expected).not.toEqual([]);
    const rows = REFERENCES.filter(([, , , ...named]) => named.includes(subject)).flatMap((reference) => {
      const own = namesAt(reference[1], subject);
      return entriesOf(...reference).flatMap((entry) => expected[own.indexOf(entry)] ?? []);
    });
    expect(sorted(rows)).toEqual(sorted(expected));
  });

  test.each(REFERENCES.map((reference) => [reference.slice(0, 3).join(', '), reference] as const))(
    'docs/%s: each row is of an option',
    (_place, reference) => {
      const [, section, , ...named] = reference;
      const known = named.flatMap((subject) => namesAt(section, subject));
      expect(entriesOf(...reference).filter((entry) => !known.includes(entry))).toEqual([]);
    },
  );

  test('are all compared with the code', () => {
    const compared = new Set(REFERENCES.map((reference) => tableAt(reference)));
    const others = tables.filter((table) => /^option\b/.test(table.column) && !compared.has(table));
    expect(others.filter((table) => !isOfProgram(table))).toEqual([]);
  });

  test('are complete: each option of the public API has a row', () => {
    const declarations = (members: readonly ts.Symbol[]): ts.Node[] => members.flatMap((of) => of.declarations ?? []);
    const compared = new Set(subjects.flatMap((subject) => declarations(membersOf(typeOf(subject)))));
    const missing = (name: string, type: ts.Type): string[] =>
      membersOf(type).flatMap((member) => {
        const path = `${name}.${member.name}`;
        return declarations([member]).every((declared) => compared.has(declared)) ? [] : [path];
      });
    const ofTypes = [...exported].flatMap(([name, symbol]) =>
      /(Options|Requirements)$/.test(name) ? missing(name, checker.getDeclaredTypeOfSymbol(original(symbol))) : [],
    );
    const ofFunctions = [...exported].flatMap(([name, symbol]) =>
      signaturesOf(original(symbol))
        .flatMap(({ parameters }) => parameters)
        .filter((parameter) => parameter.name === 'options' || parameter.name === 'requirements')
        .flatMap((parameter) => missing(name, checker.getTypeOfSymbol(parameter))),
    );
    const inOptions = subjects.flatMap((subject) =>
      membersOf(typeOf(subject)).flatMap((member) => {
        const path = `${subject}.${member.name}`;
        return NO_OPTIONS.test(path) ? [] : missing(path, checker.getTypeOfSymbol(member));
      }),
    );
    expect([...ofTypes, ...ofFunctions, ...inOptions]).toEqual([]);
  });
});

test('createSessions takes the options of its type, and no other', () => {
  let message = '';
  try {
    createSessions({ unheardOf: true } as never);
  } catch (error) {
    message = String(error);
  }
  const known = /known are (.*)$/.exec(message)?.[1]?.split(', ') ?? [];
  expect(sorted(known)).toEqual(sorted(namesOf('index createSessions')));
});

import { byPosition, otherThan, type PostgresClient, type PostgresRow, type PostgresStatement } from '../client.ts';

/** The part of `PrismaClient`, and of the client of an interactive transaction, that this store needs. */
export interface PrismaClient {
  /** Runs a statement and gives its rows. */
  $queryRawUnsafe<Answer = unknown>(text: string, ...values: never[]): PromiseLike<Answer>;
  /** Runs a statement that has none. */
  $executeRawUnsafe(text: string, ...values: never[]): PromiseLike<number>;
}

/**
 * A client of [Prisma](https://www.prisma.io) on Postgres: `postgresStore(fromPrisma(prisma))`. A transaction is the client
 * that `prisma.$transaction(async (tx) => …)` hands out.
 *
 * A recipe: it follows Prisma's documentation of raw queries and is checked by types and against a stand-in, not against
 * Prisma's engine. Run the contract suite of `session-revocation/testing` over it before you rely on it.
 */
export const fromPrisma = (prisma: PrismaClient): PostgresClient<PrismaClient> => ({
  run: (statement) => ask(prisma, statement),
  runWithin: ask,
  checkTransaction: otherThan(prisma, '$queryRawUnsafe', 'prisma.$transaction'),
});

async function ask(prisma: PrismaClient, { text, values }: PostgresStatement): Promise<readonly PostgresRow[]> {
  if (values.length === 0 && /^(DO|LOCK)\b/.test(text)) {
    await prisma.$executeRawUnsafe(text);
    return [];
  }
  return byPosition(await prisma.$queryRawUnsafe<readonly object[]>(text, ...(values as never[])));
}

import { byPosition, otherThan, type PostgresClient, type PostgresRow, type PostgresStatement } from './client.ts';

/** The subset of `PrismaClient`, and of the client of an interactive transaction, that this store needs. */
export interface PrismaClient {
  /**
   * Runs a statement and returns its rows.
   * @param text SQL with parameters `$1`, `$2`, ….
   * @param values the parameters: text, `null`, or arrays of text.
   */
  $queryRawUnsafe<Answer = unknown>(text: string, ...values: never[]): PromiseLike<Answer>;
  /**
   * Runs a statement without rows.
   * @param text SQL without parameters.
   * @param values none: the store passes no parameters here.
   */
  $executeRawUnsafe(text: string, ...values: never[]): PromiseLike<number>;
}

/**
 * Wraps [Prisma](https://www.prisma.io) on Postgres: `postgresStore(fromPrisma(prisma))`. A transaction is the client
 * that `prisma.$transaction(async (tx) => …)` passes to its callback.
 *
 * This is a recipe: it follows Prisma's documentation of raw queries. It is checked by types and against a stand-in,
 * not against Prisma's engine. Run the contract suite of `session-revocation/testing` on it before you rely on it.
 * @param prisma the client, outside of any transaction.
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

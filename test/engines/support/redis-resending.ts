import type { IoRedisClient, IoRedisPipeline } from 'session-revocation/redis';

/** What is done between the two times that a client sends commands. It may answer what is done after the second time. */
type Between = (commands: readonly unknown[]) => Promise<(() => Promise<void>) | void>;

/**
 * A client that loses every first answer: it sends its commands twice, the second time over another connection if need be.
 * What fails the first time is told at once.
 */
export function resending(
  client: IoRedisClient,
  between: Between = async () => {},
  other: IoRedisClient = client,
): IoRedisClient {
  return {
    async call(...command) {
      await client.call(...command);
      const after = await between(command);
      const answer = await other.call(...command);
      await after?.();
      return answer;
    },
    pipeline: (commands = []): IoRedisPipeline => ({
      async exec() {
        const replies = await client.pipeline(commands).exec();
        if (replies?.some(([error]) => error !== null)) return replies;
        const after = await between(commands.flat());
        const again = await other.pipeline(commands).exec();
        await after?.();
        return again;
      },
    }),
  };
}

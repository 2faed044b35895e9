import type { IoRedisClient, IoRedisPipeline } from 'session-revocation/redis';

/**
 * Runs between the two times that a client sends commands. It may return a function that runs after the second time.
 */
type Between = (commands: readonly unknown[]) => Promise<(() => Promise<void>) | void>;

/**
 * A client that loses every first answer. It sends its commands twice, the second time over `other`. If the first
 * attempt fails, the client reports that failure.
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

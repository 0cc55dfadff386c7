/** A turn of a conversation with a judge. */
export interface JudgeMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** What is counted of a judge's work. */
export interface JudgeStats {
  /** Answers asked for, cached ones not included. */
  calls: number;
  /** Answers taken from the cache, or shared with the same question in flight. */
  cached: number;
  /** Calls that were made again after a failure. */
  retries: number;
  /** Calls that failed for good. */
  failed: number;
  /** Answers that held no verdict. */
  unparsable: number;
}

/**
 * A model that judges: an endpoint (`endpointJudge`), or any function from a conversation to a text, such as a local
 * model's generation.
 */
export interface JudgeModel {
  readonly name: string;
  /** What has been counted so far; judging adds to it. */
  readonly stats: JudgeStats;
  /**
   * @param fresh do not take the answer from a cache: the cached one was of no use
   * @throws RewardError `timeout` or `unavailable`
   */
  complete(messages: readonly JudgeMessage[], fresh?: boolean): Promise<string>;
}

/** Nothing counted yet. */
export const newStats = (): JudgeStats => ({ calls: 0, cached: 0, retries: 0, failed: 0, unparsable: 0 });

/**
 * A judge out of a function, e.g. a local model's chat.
 * @param name for the log and the cache
 */
export function functionJudge(
  name: string,
  complete: (messages: readonly JudgeMessage[]) => string | Promise<string>,
): JudgeModel {
  const stats = newStats();
  return {
    name,
    stats,
    async complete(messages) {
      stats.calls++;
      try {
        return await complete(messages);
      } catch (error) {
        stats.failed++;
        throw error;
      }
    },
  };
}

import type { JudgeMessage, JudgeModel } from './model.ts';

/** Where answers are kept. A `Map` is one; one that writes to a disk can be another. */
export interface JudgeCache {
  get(key: string): string | undefined | Promise<string | undefined>;
  set(key: string, answer: string): unknown;
}

/** Keeps the last answers in memory. */
export class MemoryCache implements JudgeCache {
  private readonly answers = new Map<string, string>();
  private readonly limit: number;

  /** @param limit answers to keep. Default 10,000 */
  constructor(limit = 10_000) {
    this.limit = limit;
  }

  get(key: string): string | undefined {
    const answer = this.answers.get(key);
    // The map's order is that of use.
    if (answer !== undefined && this.answers.delete(key)) this.answers.set(key, answer);
    return answer;
  }

  set(key: string, answer: string): void {
    this.answers.delete(key);
    this.answers.set(key, answer);
    if (this.answers.size > this.limit) this.answers.delete(this.answers.keys().next().value!);
  }
}

/** Asks a judge each question once, also when it is asked again before the answer is there. Failures are not kept. */
export function cachedJudge(model: JudgeModel, cache: JudgeCache = new MemoryCache()): JudgeModel {
  const flying = new Map<string, Promise<string>>();
  const ask = async (key: string, messages: readonly JudgeMessage[], fresh: boolean) => {
    const known = fresh ? undefined : await cache.get(key);
    if (known !== undefined) {
      model.stats.cached++;
      return known;
    }
    const answer = await model.complete(messages, fresh);
    await cache.set(key, answer);
    return answer;
  };
  return {
    name: model.name,
    stats: model.stats,
    complete(messages, fresh = false) {
      const key = JSON.stringify([model.name, messages]);
      const known = flying.get(key);
      if (known && !fresh) {
        model.stats.cached++;
        return known;
      }
      const answer = ask(key, messages, fresh).finally(() => flying.delete(key));
      flying.set(key, answer);
      return answer;
    },
  };
}

/** Lua scripts, which change many keys atomically. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

export interface LuaScript {
  name: string;
  source: string;
}

export type ScriptWord = string | Buffer | number;

/** Runs scripts over one connection by their hash. The text is sent only to a server that does not know it yet. */
export class ScriptRunner {
  readonly redis: Redis;
  private readonly hashes = new Map<string, string>();

  constructor(redis: Redis) {
    this.redis = redis;
  }

  /** Runs `script`. The caller must decode the reply. Rejects as ioredis does. */
  run(script: LuaScript, keys: readonly ScriptWord[], args: readonly ScriptWord[]): Promise<unknown> {
    return this.byHash(script, keys, args, (command, words) => this.redis.call(command, words));
  }

  /** As {@link run}, with texts in the reply as raw bytes. */
  runForBuffers(script: LuaScript, keys: readonly ScriptWord[], args: readonly ScriptWord[]): Promise<unknown> {
    return this.byHash(script, keys, args, (command, words) => this.redis.callBuffer(command, words));
  }

  private async byHash(
    { source }: LuaScript,
    keys: readonly ScriptWord[],
    args: readonly ScriptWord[],
    call: (command: string, words: ScriptWord[]) => Promise<unknown>,
  ): Promise<unknown> {
    let hash = this.hashes.get(source);
    if (hash === undefined) {
      hash = createHash('sha1').update(source).digest('hex');
      this.hashes.set(source, hash);
    }
    const words = [keys.length, ...keys, ...args];
    try {
      return await call('EVALSHA', [hash, ...words]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await call('EVAL', [source, ...words]);
    }
  }
}

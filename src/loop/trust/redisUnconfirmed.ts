/** The town is not opened. The user must first say whether it may use a Redis that is not in their settings. */
import type { RedisClaim } from '../../town/redis/resolve.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';

export class RedisUnconfirmed extends TinytownError<'redisUnconfirmed'> {
  readonly claim: RedisClaim;

  constructor(claim: RedisClaim) {
    const message =
      claim.kind === 'redisVariable'
        ? say('The environment variable REDIS_URL names a Redis: {0}.', claim.where)
        : say('The file tinytown.toml names a Redis: {0}.', claim.where);
    super('redisUnconfirmed', message, { hint: 'Decide first whether the town may use it.' });
    this.claim = claim;
  }
}

/** Opens a town's Redis wherever it is, starting its private server where it has one. */
import { describeError } from '../../util/errors.ts';
import type { RedisTarget } from './address.ts';
import { type TownRedis, openRedis } from './connect.ts';
import { type LocalServerOptions, ensureLocalServer } from './localServer.ts';

/** Also starts a private server again when it is lost. @throws TinytownError with a `RedisErrorReason` */
export async function openTownRedis(target: RedisTarget, options: LocalServerOptions): Promise<TownRedis> {
  if (target.kind === 'url') return await openRedis(target, options.logger);
  await ensureLocalServer(target, options);
  const redis = await openRedis(target, options.logger);
  redis.onState((state) => {
    if (state !== 'lost' || redis.isClosed) return;
    ensureLocalServer(target, options).catch((error: unknown) => options.logger.error(describeError(error)));
  });
  return redis;
}

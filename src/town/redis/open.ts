/** Opens a town's Redis, and starts its private server if it has one. */
import { describeError } from '../../util/errors.ts';
import type { RedisTarget } from './address.ts';
import { type RedisTimes, type TownRedis, openRedis } from './connect.ts';
import { SIGN_OF_LIFE_MS, readOwner, showLife } from './dataOwner.ts';
import { type LocalServerOptions, type PrivateTarget, ensureLocalServer, stopLocalServer } from './localServer.ts';
import type { Logger } from '../../util/logger.ts';

/** Also restarts a private server that is lost. @throws TinytownError with a `RedisErrorReason` */
export async function openTownRedis(
  target: RedisTarget,
  options: LocalServerOptions,
  times?: Partial<RedisTimes>,
): Promise<TownRedis> {
  if (target.kind === 'url') return await openRedis(target, options.logger, times);
  let appendDir = await join(target, options);
  const redis = await openRedis(target, options.logger, times);
  redis.onState((state) => {
    if (state !== 'lost' || redis.isClosed) return;
    join(target, options).then(
      (joined) => (appendDir = joined),
      (error: unknown) => options.logger.error(describeError(error)),
    );
  });
  const timer = setInterval(() => {
    if (redis.isClosed) clearInterval(timer);
    else if (redis.state === 'ready') void keepOwning(target, appendDir, options.logger);
  }, options.signOfLifeMs ?? SIGN_OF_LIFE_MS).unref();
  return redis;
}

/** Resolves with the folder that the server keeps its data in. */
async function join(target: PrivateTarget, options: LocalServerOptions): Promise<string | undefined> {
  await ensureLocalServer(target, options);
  await showLife(target.dir);
  return (await readOwner(target.dir))?.appendDir;
}

/** Shows that the server is in use. Stops it if another place took over its data while this machine slept. */
async function keepOwning(target: PrivateTarget, appendDir: string | undefined, logger: Logger): Promise<void> {
  try {
    const owner = await readOwner(target.dir);
    if (owner === undefined || owner.appendDir === appendDir) return await showLife(target.dir);
    logger.warn('Another machine or container took over this town’s data. Stopping the Redis on this one.');
    await stopLocalServer(target);
  } catch (error) {
    logger.debug(`The private Redis could not be marked as in use: ${describeError(error)}`);
  }
}

/** Writes the extension's own files on a disk that may be full. */
import { TinytownError } from './errors.ts';
import { type Said, say } from './sentence.ts';

/** The message for each error code of the system. */
const reasons: Readonly<Record<string, Said>> = {
  ENOSPC: 'The disk is full, so Tinytown cannot write its own files.',
  EDQUOT: 'Your share of the disk is used up, so Tinytown cannot write its own files.',
  EROFS: 'The disk is read-only, so Tinytown cannot write its own files.',
};

/** Runs `job`. @throws TinytownError `storageRefuses` if the disk is full or read-only */
export async function storing<T>(job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const message = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
    if (message === undefined) throw error;
    const hint = say('Free up some space. Waiting agents will then continue.');
    throw new TinytownError('storageRefuses', message, { cause: error, hint });
  }
}

/** Whether `error` comes from {@link storing}. It goes away once somebody has made room. */
export function storageRefuses(error: unknown): boolean {
  return error instanceof TinytownError && error.reason === 'storageRefuses';
}

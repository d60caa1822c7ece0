/** Reads files in folders where agents write. What stands there need not be a file: a pipe never ends, a device neither. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Windows has no pipes and devices among files. */
const DO_NOT_WAIT = constants.O_NONBLOCK ?? 0;

/**
 * The text of a regular file.
 * @param limit Most bytes.
 * @throws Error with the code `ENOENT` where there is none; or where it is no regular file, or a larger one
 */
export async function readRegularFile(file: string, limit: number): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | DO_NOT_WAIT);
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new Error('it is not a file');
    if (info.size > limit) throw new Error(`it is larger than ${limit} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

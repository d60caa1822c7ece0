/** Reads files in folders where agents write. A path there may be a pipe or a device, whose reading never ends. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Windows has no pipes or devices among files. */
const DO_NOT_WAIT = constants.O_NONBLOCK ?? 0;

/**
 * The text of a regular file.
 * @param limit Most bytes.
 * @throws Error with the code `ENOENT` if there is none, or another error if it is not a regular file or is too large
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

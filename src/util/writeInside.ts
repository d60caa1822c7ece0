/** Writes files for a person into a folder where programs that we do not trust also write. */
import { randomUUID } from 'node:crypto';
import { lstat, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { TinytownError } from './errors.ts';
import { say } from './sentence.ts';

/**
 * Writes a whole file. A `target` below `folder` stays there: no link redirects the text, not even one that appears meanwhile.
 * A target outside the folder is the person's own choice.
 * @throws TinytownError `leadsElsewhere` if the target, or a folder on the way to it, is a symbolic link
 */
export async function writeInside(folder: string, target: string, text: string): Promise<void> {
  const way = path.relative(folder, path.dirname(target));
  const isBelow = way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
  const expected = isBelow ? path.join(await realpath(folder), way) : await realpath(path.dirname(target));
  // Not even an empty file is created behind a link.
  if ((await realpath(path.dirname(target))) !== expected) throw leadsElsewhere(target);
  const draft = path.join(path.dirname(target), `.${randomUUID()}.new`);
  const handle = await open(draft, 'wx');
  try {
    // A link may have appeared since. The text is written only once the new file's real place is known.
    if ((await realpath(draft)) !== path.join(expected, path.basename(draft))) throw leadsElsewhere(target);
    const there = await lstat(target).catch(() => undefined);
    if (there?.isSymbolicLink() === true) throw leadsElsewhere(target);
    await handle.writeFile(text);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

function leadsElsewhere(target: string): TinytownError<'leadsElsewhere'> {
  const message = say('{0} was not written: it is a symbolic link, or is inside a linked folder.', target);
  return new TinytownError('leadsElsewhere', message, { hint: 'Choose another place, or remove the link.' });
}

/**
 * Who owns a private server's data. The folder may be on a network drive: then machines share it that can neither reach each
 * other's socket nor see each other's processes. Windows that use a server touch a file every few seconds. Where that has
 * stopped, another machine goes on with a copy of the data, so that two servers never write to the same file.
 */
import { randomUUID } from 'node:crypto';
import { cp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { _default as orElse } from 'zod/mini';
import { driveTime, modifiedAt } from '../../util/driveTime.ts';
import { TinytownError } from '../../util/errors.ts';
import { isHere } from '../../util/processTable.ts';
import { say } from '../../util/sentence.ts';
import { parseJson } from '../records.ts';

/** How often a window that uses a private server shows that it lives, in milliseconds. */
export const SIGN_OF_LIFE_MS = 5_000;
/** Without a sign of life for so long, in milliseconds, the data are nobody's. */
const SILENT_MS = 20_000;

const serverOwner = z.object({
  pid: z.number(),
  startTime: z.string(),
  place: z.optional(z.string()),
  /** For people. */
  host: z.optional(z.string()),
  /** The folder below the data folder that holds the append-only file. */
  appendDir: orElse(z.string().check(z.regex(/^[\w-]+$/)), 'appendonlydir'),
});
export type ServerOwner = z.infer<typeof serverOwner>;

/** The server that was started last in this data folder, living or not. */
export async function readOwner(dir: string): Promise<ServerOwner | undefined> {
  const content = await readFile(path.join(dir, 'server.json'), 'utf8').catch(() => '');
  const owner = serverOwner.safeParse(parseJson(content));
  return owner.success ? owner.data : undefined;
}

export async function writeOwner(dir: string, owner: ServerOwner): Promise<void> {
  await showLife(dir);
  const draft = path.join(dir, `server.json.${randomUUID()}`);
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600 });
  await rename(draft, path.join(dir, 'server.json'));
}

/** To be called every {@link SIGN_OF_LIFE_MS} by a window that uses the server. */
export async function showLife(dir: string): Promise<void> {
  await writeFile(path.join(dir, 'in-use'), '', { mode: 0o600 });
}

/** Watches for signs of life of a server that runs, or ran, in another place. */
export class OwnerWatch {
  private readonly dir: string;
  private firstSign: number | undefined;

  constructor(dir: string) {
    this.dir = dir;
  }

  /**
   * Whether a server may be started here: its predecessor ran in this place, where processes can be judged, or has given no
   * sign of life for long enough. False where that is not known yet: ask again.
   * @throws TinytownError `redisElsewhere`
   */
  async isFree(): Promise<boolean> {
    const owner = await readOwner(this.dir);
    if (owner === undefined || (await isHere(owner.place))) return true;
    const sign = await modifiedAt(path.join(this.dir, 'in-use'));
    if (sign === undefined) return true;
    this.firstSign ??= sign;
    if (sign !== this.firstSign) {
      const message = say('The town’s Redis runs on another machine or in another container: {0}.', owner.host ?? '?');
      const hint = 'Open the folder there, or close it there and try again half a minute later.';
      throw new TinytownError('redisElsewhere', message, { hint });
    }
    const now = await driveTime(this.dir);
    return now !== undefined && now - sign > SILENT_MS;
  }
}

/**
 * Makes the data this place's own; to be called under the start lock, once they are free. Data of another place are copied, as
 * its server may only sleep. Resolves with the name of the folder that holds the append-only file.
 */
export async function takeData(dir: string): Promise<string> {
  const owner = await readOwner(dir);
  if (owner === undefined) return 'appendonlydir';
  if (await isHere(owner.place)) return owner.appendDir;
  const fresh = `appendonlydir-${randomUUID().slice(0, 8)}`;
  const old = path.join(dir, owner.appendDir);
  if ((await modifiedAt(old)) !== undefined) await cp(old, path.join(dir, fresh), { recursive: true });
  // One copy is kept; those before it are of no use to anybody.
  for (const name of await readdir(dir)) {
    if (name.startsWith('appendonlydir') && name !== fresh && name !== owner.appendDir) {
      await rm(path.join(dir, name), { recursive: true, force: true });
    }
  }
  return fresh;
}

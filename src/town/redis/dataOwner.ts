/**
 * Who owns a private server's data. If the folder is on a network drive, machines share it that cannot reach each other's
 * socket or see each other's processes. So windows that use a server touch a file every few seconds. When that stops, another
 * machine continues with a copy of the data, so that two servers never write to the same file.
 */
import { randomUUID } from 'node:crypto';
import { cp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { _default as orElse } from 'zod/mini';
import { driveTime, modifiedAt } from '../../util/driveTime.ts';
import { TinytownError } from '../../util/errors.ts';
import { isHere } from '../../process/processTable.ts';
import { say } from '../../util/sentence.ts';
import { parseJson } from '../records/records.ts';

/** How often a window that uses a private server touches the file, in milliseconds. */
export const SIGN_OF_LIFE_MS = 5_000;
/** After this long without a sign of life, in milliseconds, nobody owns the data. */
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

/** The last server that was started in this data folder, whether or not it still runs. */
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

/** A window that uses the server must call this every {@link SIGN_OF_LIFE_MS}. */
export async function showLife(dir: string): Promise<void> {
  await writeFile(path.join(dir, 'in-use'), '', { mode: 0o600 });
}

/** Watches for signs of life of a server that runs or ran in another place. */
export class OwnerWatch {
  private readonly dir: string;
  private firstSign: number | undefined;

  constructor(dir: string) {
    this.dir = dir;
  }

  /**
   * Whether a server may be started here. It may if the last one ran in this place, where processes can be checked, or gave no
   * sign of life for long enough. False while that is unknown: ask again.
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
 * Makes the data this place's own. Call it under the start lock, once the data is free. Data of another place is copied,
 * because its server may only be asleep. Resolves with the name of the folder that holds the append-only file.
 */
export async function takeData(dir: string): Promise<string> {
  const owner = await readOwner(dir);
  if (owner === undefined) return 'appendonlydir';
  if (await isHere(owner.place)) return owner.appendDir;
  const fresh = `appendonlydir-${randomUUID().slice(0, 8)}`;
  const old = path.join(dir, owner.appendDir);
  if ((await modifiedAt(old)) !== undefined) await cp(old, path.join(dir, fresh), { recursive: true });
  // One copy is kept. Earlier ones are useless.
  for (const name of await readdir(dir)) {
    if (name.startsWith('appendonlydir') && name !== fresh && name !== owner.appendDir) {
      await rm(path.join(dir, name), { recursive: true, force: true });
    }
  }
  return fresh;
}

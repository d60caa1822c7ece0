/**
 * Tinytown's own tools get into a town through a file that names the town, its Redis, and who acts. The files are private and
 * lie in the extension's storage, which agents on Codex cannot read. So no environment holds the password of Redis, and
 * nobody can act as somebody else by changing a variable.
 */
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { shortDigest } from '../util/digest.ts';
import { TinytownError } from '../util/errors.ts';
import { writePrivate } from '../util/privateFiles.ts';
import { ensurePrivateFolder } from '../util/privateFolder.ts';
import { parseJson } from './records/records.ts';
import { type RedisTarget, redisUrlOf } from './redis/address.ts';

/** The environment variable that names the file. */
export const ACCESS_VARIABLE = 'TINYTOWN_ACCESS';

/** Files that nobody has used for this long are deleted, in milliseconds. */
const KEPT_MS = 30 * 24 * 3_600_000;

const text = z.optional(z.string());
const access = z.object({
  town: z.string(),
  redis: z.object({ url: z.string(), tls: z.optional(z.object({ ca: text, cert: text, key: text })) }),
  /** The agent that acts, or the supervisor. */
  self: z.string(),
});

export type Access = z.output<typeof access>;

export class AccessFiles {
  private readonly folder: string;
  private readonly town: string;
  private readonly target: RedisTarget;

  /** @param storageDir The extension's storage folder. */
  constructor(storageDir: string, town: string, target: RedisTarget) {
    this.folder = path.join(storageDir, 'access');
    this.town = town;
    this.target = target;
  }

  /** The path of the file of an agent or the supervisor. The file may not have been written yet. */
  fileOf(self: string): string {
    return path.join(this.folder, `${shortDigest(JSON.stringify([this.town, self]))}.json`);
  }

  /** Writes the file of an agent or of the supervisor. Resolves with its path. */
  async write(self: string): Promise<string> {
    const { town, target } = this;
    const tls = target.kind === 'url' ? target.tls : undefined;
    const content: Access = { town, redis: { url: redisUrlOf(target), ...(tls && { tls }) }, self };
    await ensurePrivateFolder(this.folder);
    const file = this.fileOf(self);
    await writePrivate(file, JSON.stringify(content));
    return file;
  }

  /** Deletes the files of agents that have not started for a long time, because they hold the password of a Redis. */
  async deleteOld(now = Date.now()): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      const file = path.join(this.folder, name);
      const { mtimeMs = now } = (await stat(file).catch(() => undefined)) ?? {};
      if (now - mtimeMs > KEPT_MS) await rm(file, { force: true });
    }
  }
}

/** @throws TinytownError `notProven` if nothing says who acts, or the file cannot be read */
export async function readAccess(env: Readonly<Record<string, string | undefined>>): Promise<Access> {
  const file = env[ACCESS_VARIABLE] ?? '';
  const hint = 'Use the editor, or Tinytown’s own tt in a terminal.';
  if (file === '') {
    throw new TinytownError('notProven', 'This tt only works for agents that the editor runs.', {
      hint,
    });
  }
  const decoded = access.safeParse(parseJson(await readFile(file, 'utf8').catch(() => '')));
  if (decoded.success) return decoded.data;
  throw new TinytownError('notProven', 'The access file cannot be read.', { hint });
}

export function targetOf({ redis: { url, tls } }: Access): RedisTarget {
  return { kind: 'url', source: 'setting', url, tls };
}

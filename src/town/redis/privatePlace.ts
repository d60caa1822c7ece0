/**
 * Where a folder's private server keeps its data and its socket. Both places are recorded, so that all windows agree on them
 * whatever their environment says, and so that a folder that was moved keeps its town.
 */
import { createHash, randomUUID } from 'node:crypto';
import { link, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as z from 'zod/mini';
import { type FolderIdentity, folderIdentity } from '../../util/folderIdentity.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';
import { parseJson } from '../records/records.ts';
import type { RedisTarget } from './address.ts';

const FOLDER_FILE = 'folder.json';
const SOCKET_FILE = 'socket-path';
const SOCKET_ROOT_FILE = 'socket-root';

const folderRecord = z.object({ path: z.string(), id: z.string() });

/**
 * The target with its recorded place. A target that is not a private server is returned unchanged.
 * @param prepare Records a place that is not recorded yet. Otherwise nothing is changed.
 * @throws TinytownError `folderNotPrivate`
 */
export async function placed(target: RedisTarget, folder: string, prepare: boolean): Promise<RedisTarget> {
  if (target.kind !== 'private') return target;
  const identity = await folderIdentity(folder);
  const dir = identity ? await dataFolder(target.dir, identity) : target.dir;
  if (prepare) {
    await ensurePrivateFolder(path.dirname(dir));
    await ensurePrivateFolder(dir);
    if (identity) await writeWhole(path.join(dir, FOLDER_FILE), JSON.stringify(identity));
  }
  return { kind: 'private', dir, socketPath: await socketPath(dir, prepare) };
}

/** The folder that already holds this town's data. Otherwise `wanted`, or one beside it if `wanted` belongs to another folder. */
async function dataFolder(wanted: string, identity: FolderIdentity): Promise<string> {
  const storage = path.dirname(wanted);
  const known: { dir: string; record: FolderIdentity }[] = [];
  for (const name of await readdir(storage).catch((): string[] => [])) {
    const dir = path.join(storage, name);
    const content = await readFile(path.join(dir, FOLDER_FILE), 'utf8').catch(() => '');
    const record = folderRecord.safeParse(parseJson(content));
    if (record.success) known.push({ dir, record: record.data });
  }
  const here = known.find(({ record }) => record.path === identity.path);
  if (here) return here.dir;
  for (const { dir, record } of known) {
    if (record.id === identity.id && (await folderIdentity(record.path))?.id !== identity.id) return dir;
  }
  return known.some(({ dir }) => dir === wanted) ? `${wanted}-${hash(identity.id).slice(0, 6)}` : wanted;
}

/**
 * The folder outside `storage` that holds the sockets of all this user's towns, created if needed. Empty if the sockets fit into
 * `storage`.
 * @param storage The folder of the data folders.
 * @throws TinytownError `folderNotPrivate`
 */
export async function socketRoot(storage: string): Promise<string[]> {
  // The longest name that a data folder can have.
  if (fits(path.join(storage, 'x'.repeat(24 + 1 + 12 + 1 + 6), 'redis.sock'))) return [];
  await ensurePrivateFolder(storage);
  const file = path.join(storage, SOCKET_ROOT_FILE);
  const written = await readFile(file, 'utf8').catch(() => undefined);
  if (written !== undefined && (await isUsable(written))) return [written];
  const fresh = await newSocketRoot();
  const chosen = await writeFirst(file, fresh, written);
  if (chosen !== fresh) await rm(fresh, { recursive: true, force: true });
  return [chosen];
}

/** The socket is in the data folder if the path is short enough. Otherwise it is in a new folder below {@link socketRoot}. */
async function socketPath(dir: string, prepare: boolean): Promise<string> {
  const near = path.join(dir, 'redis.sock');
  if (fits(near)) return near;
  const file = path.join(dir, SOCKET_FILE);
  const written = await readFile(file, 'utf8').catch(() => undefined);
  if (!prepare) return written ?? near;
  const [root = dir] = await socketRoot(path.dirname(dir));
  if (written !== undefined && path.dirname(path.dirname(written)) === root && (await isUsable(path.dirname(written))))
    return written;
  const fresh = path.join(await mkdtemp(path.join(root, 's-')), 'redis.sock');
  const chosen = await writeFirst(file, fresh, written);
  if (chosen !== fresh) await rm(path.dirname(fresh), { recursive: true, force: true });
  return chosen;
}

/** A private folder in the system's temporary folder, with a name that nobody can predict. */
async function newSocketRoot(): Promise<string> {
  const base = [tmpdir(), '/tmp'].find((folder) =>
    fits(path.join(folder, 'tinytown-XXXXXX', 's-XXXXXX', 'redis.sock')),
  );
  return await mkdtemp(path.join(base ?? tmpdir(), 'tinytown-'));
}

/** The temporary folder may have been cleaned up, and somebody else may have the name now. */
async function isUsable(folder: string): Promise<boolean> {
  return await ensurePrivateFolder(folder).then(
    () => true,
    () => false,
  );
}

/** If several windows write at once, the first one wins. Resolves with the content that stands there afterward. */
async function writeFirst(file: string, content: string, stale: string | undefined): Promise<string> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    if (stale !== undefined && (await readFile(file, 'utf8').catch(() => '')) === stale)
      await rm(file, { force: true });
    await link(draft, file);
    return content;
  } catch {
    return await readFile(file, 'utf8');
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeWhole(file: string, content: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600 });
  await rename(draft, file);
}

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere. The last one is zero. */
function fits(socket: string): boolean {
  return Buffer.byteLength(socket) < (process.platform === 'linux' ? 108 : 104);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

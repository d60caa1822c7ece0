/**
 * Files that only the user can read (mode 0600), never through a link. See `privateFolder.ts` for their folders.
 * Every write here rejects with `storageRefuses` if the disk is full.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { storing } from './storing.ts';

/** Windows has no such flag. There, only administrators can make symbolic links to files. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Appends to a file. A new file is private. The file stays within `limit` bytes: the text that exceeds it is cut and followed by
 * `note`, and nothing is written after that.
 * @throws Error with the code `ELOOP` if the file is a symbolic link
 */
export async function appendPrivate(file: string, text: string, limit: number, note: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW;
  const handle = await storing(() => open(file, flags, 0o600));
  try {
    const { size } = await regular(handle);
    const room = limit - Buffer.byteLength(note) - size;
    if (room <= 0) return;
    const bytes = Buffer.from(text);
    await storing(() => handle.writeFile(bytes.length <= room ? bytes : startOf(bytes, room) + note));
  } finally {
    await handle.close();
  }
}

/** Replaces the whole file atomically: readers see the old text or the new one. A link in its place is replaced, not followed. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const draft = await writeDraft(file, text);
  await rename(draft, file);
}

/** The file's text. If there is no file yet, it is created with `text`. If several create it at once, one of them wins. */
export async function readOrCreatePrivate(file: string, text: string): Promise<string> {
  // An existing file can be read even if nothing can be written.
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const draft = await writeDraft(file, text);
  try {
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return await readFile(file, 'utf8');
}

async function writeDraft(file: string, text: string): Promise<string> {
  const draft = path.join(path.dirname(file), `.${randomUUID()}.new`);
  try {
    await storing(() => writeFile(draft, text, { mode: 0o600, flag: 'wx' }));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return draft;
}

async function regular(handle: FileHandle): Promise<{ size: number }> {
  const info = await handle.stat();
  if (!info.isFile()) throw new Error('it is not a file');
  return info;
}

/** The first `length` bytes as text, without a character that is cut in two. */
function startOf(bytes: Buffer, length: number): string {
  return new TextDecoder().decode(bytes.subarray(0, length), { stream: true });
}

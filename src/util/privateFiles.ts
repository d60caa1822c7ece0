/**
 * Files that only the user can read (mode 0600), never through a link. Their folders: `privateFolder.ts`.
 * All that writes here rejects with `storageRefuses` where the disk is full.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { storing } from './storing.ts';

/** Windows has no such flag; there, only administrators make symbolic links to files. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Appends to a file, which is made private where it is new. The file stays within `limit` bytes: the text that crosses it is
 * cut and followed by `note`, and nothing is written after that.
 * @throws Error with the code `ELOOP` where the file is a symbolic link
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

/** Writes the whole file at once: readers see the old text or the new one. A link in its place is replaced, not followed. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const draft = await writeDraft(file, text);
  await rename(draft, file);
}

/** The file's text; where there is no file yet, it is made with `text`. Of several that make it at once, one does. */
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

/** The first `length` bytes, without a character that is cut in two. */
function startOf(bytes: Buffer, length: number): string {
  return new TextDecoder().decode(bytes.subarray(0, length), { stream: true });
}

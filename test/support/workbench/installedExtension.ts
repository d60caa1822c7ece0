/** The packaged extension, installed like a user would, once for all tests of this process. */
import { existsSync } from 'node:fs';
import { rmSync } from 'node:fs';
import { installExtension } from '../editorServer.ts';
import { tempDir } from '../tempDir.ts';
import { vsixPath } from '../../../scripts/vsixPath.ts';

let installing: Promise<string> | undefined;

/** A folder of extensions that contains ours. It is deleted when this process ends. */
export function installedExtension(): Promise<string> {
  installing ??= install();
  return installing;
}

async function install(): Promise<string> {
  if (!existsSync(vsixPath)) throw new Error(`${vsixPath} is not there yet: npm run package`);
  const { path: dir } = await tempDir('extensions');
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  await installExtension(vsixPath, dir);
  return dir;
}

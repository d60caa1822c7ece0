/** Where this window's agents live. */
import { hostname } from 'node:os';
import path from 'node:path';
import { accountFolder } from '../runtime/account.ts';
import type { Home } from '../town/records/home.ts';
import { folderIdentity } from '../util/folderIdentity.ts';
import { machineId } from '../process/machineId.ts';

/**
 * @param env The environment that Codex is started with.
 * @param machine By default this machine's id.
 */
export async function thisHome(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  machine?: string,
): Promise<Home> {
  const identity = await folderIdentity(folder);
  return {
    machine: machine ?? (await machineId()) ?? (await rootId()),
    host: hostname(),
    codexHome: await accountFolder(env),
    folder: identity?.path ?? path.resolve(folder),
    folderId: identity?.id ?? '',
  };
}

/** For machines without an id of their own, such as containers: each has a root folder of its own. */
async function rootId(): Promise<string> {
  return `root:${(await folderIdentity(path.parse(process.cwd()).root))?.id ?? ''}`;
}

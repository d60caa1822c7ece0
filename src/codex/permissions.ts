/**
 * What a thread's commands may access, as a permission profile of Codex. With a plain sandbox mode they can read every file of
 * the user and, with network access, connect to the user's Unix sockets. A profile denies both below the folders it names.
 */
import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { CodexConnection } from './connection.ts';
import { configRead } from './methods.ts';
import type { SandboxMode } from './protocol/v2/SandboxMode';

/** What the user's own Codex configuration adds to `workspace-write` (its table `sandbox_workspace_write`). */
export interface WorkspaceExtras {
  writableRoots: readonly string[];
  network: boolean;
  /** Whether commands may write to the folder that TMPDIR names, and to `/tmp`. */
  tmpdir: boolean;
  slashTmp: boolean;
}

export const noExtras: WorkspaceExtras = { writableRoots: [], network: false, tmpdir: true, slashTmp: true };

type Access = 'read' | 'write' | 'deny';

/** A profile for one thread or one run: its name, and its content in the configuration's `permissions` table. */
export interface PermissionProfile {
  name: string;
  config: { extends: string; filesystem: Record<string, Access>; network: { enabled: boolean } };
}

/**
 * The profile of a sandbox mode that denies folders. Undefined for `danger-full-access`, where nothing can be denied.
 * @param denied Absolute paths without links (see {@link realFolders}).
 * @param extras Used for `workspace-write` only.
 */
export function permissionProfile(
  mode: SandboxMode,
  denied: readonly string[],
  extras: WorkspaceExtras,
): PermissionProfile | undefined {
  if (mode === 'danger-full-access') return undefined;
  const writes = mode === 'workspace-write';
  const roots = writes ? extras.writableRoots.filter((root) => !denied.some((folder) => isWithin(root, folder))) : [];
  const filesystem: Record<string, Access> = {
    ...(writes && !extras.tmpdir && { ':tmpdir': 'read' }),
    ...(writes && !extras.slashTmp && { ':slash_tmp': 'read' }),
    ...Object.fromEntries(roots.map((root) => [root, 'write'])),
    ...Object.fromEntries(denied.map((folder) => [folder, 'deny'])),
  };
  // Codex merges profiles of one name, so a project's own configuration could extend one whose name it can guess.
  const name = `tinytown-${randomBytes(8).toString('hex')}`;
  const network = { enabled: writes && extras.network };
  return { name, config: { extends: writes ? ':workspace' : ':read-only', filesystem, network } };
}

/** Additions from the user's own configuration, without those of a project. */
export async function workspaceExtras(connection: CodexConnection, limitMs: number): Promise<WorkspaceExtras> {
  // Without a folder, Codex ignores the configuration of projects.
  const { config } = await connection.request(configRead, {}, limitMs);
  const own = config.sandbox_workspace_write;
  if (!own) return noExtras;
  return {
    writableRoots: own.writable_roots,
    network: own.network_access,
    tmpdir: !own.exclude_tmpdir_env_var,
    slashTmp: !own.exclude_slash_tmp,
  };
}

/** The folders' real paths, as Codex needs them. If a folder does not exist, links in its existing parents are resolved. */
export async function realFolders(folders: readonly string[]): Promise<string[]> {
  return [...new Set(await Promise.all(folders.map((folder) => realFolder(path.resolve(folder)))))];
}

async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    const parent = path.dirname(folder);
    return parent === folder ? folder : path.join(await realFolder(parent), path.basename(folder));
  }
}

function isWithin(folder: string, outer: string): boolean {
  const relative = path.relative(outer, folder);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}

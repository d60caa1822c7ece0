/**
 * The permissions that the user has chosen for single agents of a town. Each agent has a file in the extension's storage. All
 * windows of this machine see it, and neither agents in a sandbox nor other clients of the Redis can write it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../town/records/records.ts';
import { shortDigest } from '../../util/digest.ts';
import type { Disposable } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import { writePrivate } from '../../util/privateFiles.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { type PermissionMode, permissionModes } from './permissionModes.ts';

const choice = z.object({ agent: z.string(), mode: z.enum(permissionModes) });

/** How often to read the files, in case the system does not report changes, in milliseconds. */
const TICK_MS = 2_000;

export class PermissionChoices implements Disposable {
  private readonly root: string;
  private readonly folder: string;
  private readonly logger: Logger;
  private readonly queue = new SerialQueue();
  private known: ReadonlyMap<string, PermissionMode> = new Map();
  /** Agents with a choice that had a record. */
  private readonly seen = new Set<string>();
  private readonly changes = new Emitter<void>();
  /** A choice was made or taken back, in this window or another one. */
  readonly onDidChange = this.changes.event;
  private watcher: FSWatcher | undefined;
  private ticks: NodeJS.Timeout | undefined;

  /**
   * @param storageDir The extension's own folder.
   * @param townFolder The town's folder, without links: a town of the same name elsewhere has choices of its own.
   */
  constructor(storageDir: string, townFolder: string, townName: string, logger: Logger) {
    this.root = path.join(storageDir, 'permissions');
    this.folder = path.join(this.root, shortDigest(JSON.stringify([townFolder, townName])));
    this.logger = logger;
  }

  /** Reads the choices, and follows changes from then on. @throws Error if the folder cannot be used */
  async start(): Promise<void> {
    await ensurePrivateFolder(this.root);
    await ensurePrivateFolder(this.folder);
    await this.look();
    try {
      this.watcher = watch(this.folder, { persistent: false }, () => void this.look()).on('error', () => undefined);
    } catch (error) {
      this.logger.debug(`Permissions are not watched: ${describeError(error)}`);
    }
    this.ticks = setInterval(() => void this.look(), TICK_MS).unref();
  }

  /** Undefined if settings decide. */
  of(agentId: string): PermissionMode | undefined {
    return this.known.get(agentId);
  }

  /** @param mode Undefined takes a choice back. */
  async choose(agentId: string, mode: PermissionMode | undefined): Promise<void> {
    const file = path.join(this.folder, `${shortDigest(agentId)}.json`);
    if (mode === undefined) await rm(file, { force: true });
    else await writePrivate(file, JSON.stringify({ agent: agentId, mode }));
    await this.look();
  }

  /**
   * Takes back the choices of agents without a record, unless `keeps` allows them. So nobody gets them by recreating such a
   * record.
   * @param all Also the choices of agents that have had no record since {@link start}.
   */
  async dropGone(
    has: (agentId: string) => boolean,
    keeps: (mode: PermissionMode) => boolean,
    all: boolean,
  ): Promise<void> {
    for (const [id, mode] of this.known) {
      if (has(id)) this.seen.add(id);
      else if ((all || this.seen.has(id)) && !keeps(mode)) await this.choose(id, undefined);
    }
  }

  dispose(): void {
    clearInterval(this.ticks);
    this.watcher?.close();
    this.changes.dispose();
  }

  private look(): Promise<void> {
    return this.queue.run(async () => {
      try {
        const names = await readdir(this.folder);
        const files = names.filter((name) => name.endsWith('.json')).map((name) => path.join(this.folder, name));
        const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
        const found = new Map<string, PermissionMode>();
        for (const text of texts) {
          const { success, data } = choice.safeParse(parseJson(text));
          if (success) found.set(data.agent, data.mode);
        }
        if (isSame(found, this.known)) return;
        this.known = found;
        this.changes.fire();
      } catch (error) {
        this.logger.warn(`The permissions of agents cannot be read: ${describeError(error)}`);
      }
    });
  }
}

function isSame<K, V>(one: ReadonlyMap<K, V>, other: ReadonlyMap<K, V>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}

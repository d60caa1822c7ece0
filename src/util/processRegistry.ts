/**
 * The list of child processes of this machine's windows, on disk, so that what a hard end of a window leaves behind is
 * found and ended at the next activation.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod/mini';
import { signalGroup, startTimeOf } from './processTable.ts';

const processRecord = z.object({
  pid: z.number(),
  startTime: z.string(),
  /** What it is for, in a word; never its arguments, which may hold secrets. */
  purpose: z.string(),
  /** Whom it works for, e.g. an agent's id. */
  subject: z.optional(z.string()),
  /** Shared by windows and meant to outlive them: recorded, never reaped. */
  detached: z.boolean(),
  owner: z.object({ pid: z.number(), startTime: z.string() }),
});
export type ProcessRecord = z.infer<typeof processRecord>;

/** How long a reaped process has between SIGTERM and SIGKILL, in milliseconds. */
const reapGraceMs = 1_000;

export class ProcessRegistry {
  private readonly folder: string;
  private readonly subject: string | undefined;
  private self: Promise<string | undefined> | undefined;

  /**
   * @param folder A private folder that all windows share; created when it is first needed.
   * @param subject Whom everything that is recorded by this one works for.
   */
  constructor(folder: string, subject?: string) {
    this.folder = folder;
    this.subject = subject;
  }

  /** The same list, for what works for `subject`. */
  of(subject: string): ProcessRegistry {
    return new ProcessRegistry(this.folder, subject);
  }

  /** Records a process of ours. Does nothing where it has ended already. */
  async add(pid: number, purpose: string, detached: boolean): Promise<void> {
    this.self ??= startTimeOf(process.pid);
    const [startTime, ownStartTime] = await Promise.all([startTimeOf(pid), this.self]);
    if (startTime === undefined) return;
    const owner = { pid: process.pid, startTime: ownStartTime ?? '' };
    const record: ProcessRecord = { pid, startTime, purpose, subject: this.subject, detached, owner };
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = this.fileOf(pid);
    await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  async remove(pid: number): Promise<void> {
    await rm(this.fileOf(pid), { force: true });
  }

  /** What is recorded now, living or not. Unreadable records are dropped. */
  async list(): Promise<ProcessRecord[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const records: ProcessRecord[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith('.json'))) {
      const file = path.join(this.folder, name);
      const record = await readRecord(file);
      if (record) records.push(record);
      else await rm(file, { force: true });
    }
    return records;
  }

  /**
   * Ends what owners that are gone have left behind, and only what really is ours: id and start time must agree.
   * Resolves with the number of processes ended.
   */
  async reap(): Promise<number> {
    const outcomes = await Promise.all((await this.list()).map((record) => this.reapOne(record)));
    return outcomes.filter(Boolean).length;
  }

  /**
   * Ends everything that works for `subject`, whoever started it and whether that one lives or sleeps: to be called by who
   * takes its place. Resolves with the number of processes ended, when they are gone.
   */
  async endAllOf(subject: string): Promise<number> {
    const records = (await this.list()).filter((record) => record.subject === subject);
    const outcomes = await Promise.all(
      records.map(async (record) => {
        const alive = (await startTimeOf(record.pid)) === record.startTime;
        if (alive) await endGroup(record);
        await this.remove(record.pid);
        return alive;
      }),
    );
    return outcomes.filter(Boolean).length;
  }

  private async reapOne(record: ProcessRecord): Promise<boolean> {
    const alive = (await startTimeOf(record.pid)) === record.startTime;
    if (alive && record.detached) return false;
    if (alive && (await startTimeOf(record.owner.pid)) === record.owner.startTime) return false;
    if (alive) await endGroup(record);
    await this.remove(record.pid);
    return alive;
  }

  private fileOf(pid: number): string {
    return path.join(this.folder, `${pid}.json`);
  }
}

async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    return processRecord.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Not our child, so no event tells of its end: ask until the group is gone. */
async function endGroup({ pid, startTime }: ProcessRecord): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalGroup(pid, signal);
    const end = Date.now() + reapGraceMs;
    while (Date.now() < end && (await startTimeOf(pid)) === startTime) await pause(20);
  }
}

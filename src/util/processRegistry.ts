/**
 * The list of child processes of this machine's windows, on disk, so that what a hard end of a window leaves behind is
 * found and ended at the next activation.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod/mini';
import { ChildGroups } from './childGroups.ts';
import { type ListedProcess, listProcesses, signalGroup, someHasVariable, startTimeOf } from './processTable.ts';
import { SerialQueue } from './serialQueue.ts';

/** In the environment of every process that is recorded, and of what it starts: its record's `mark`, which tells nothing. */
export const MARK_VARIABLE = 'TINYTOWN_PROCESS';

const processName = z.object({ pid: z.number(), startTime: z.string() });

const processRecord = z.object({
  pid: z.number(),
  startTime: z.string(),
  /** What it is for, in a word; never its arguments, which may hold secrets. */
  purpose: z.string(),
  /** Whom it works for, e.g. an agent's id. */
  subject: z.optional(z.string()),
  /** Shared by windows and meant to outlive them: recorded, never reaped. */
  detached: z.boolean(),
  owner: processName,
  mark: z.optional(z.string()),
  /** Who leads the groups that its own end does not reach. */
  groups: z.optional(z.array(processName)),
});
export type ProcessRecord = z.infer<typeof processRecord>;
type ProcessName = z.infer<typeof processName>;

/** How long a reaped process has between SIGTERM and SIGKILL, in milliseconds. */
const reapGraceMs = 1_000;

export class ProcessRegistry {
  private readonly folder: string;
  private readonly subject: string | undefined;
  private readonly own = new Map<number, ProcessRecord>();
  private readonly writing = new SerialQueue();
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
  async add(
    pid: number,
    { purpose, detached, mark }: Pick<ProcessRecord, 'purpose' | 'detached' | 'mark'>,
  ): Promise<void> {
    this.self ??= startTimeOf(process.pid);
    const [startTime, ownStartTime] = await Promise.all([startTimeOf(pid), this.self]);
    if (startTime === undefined) return;
    const owner = { pid: process.pid, startTime: ownStartTime ?? '' };
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.write({ pid, startTime, purpose, subject: this.subject, detached, owner, mark });
  }

  /** Records who leads the groups of a process of ours; nothing where it is not recorded any more. */
  async addGroups(pid: number, leaders: readonly number[]): Promise<void> {
    const times = await Promise.all(leaders.map((leader) => startTimeOf(leader)));
    const record = this.own.get(pid);
    if (!record) return;
    const groups = leaders.flatMap((leader, place) => {
      // Of a group whose leader has gone meanwhile it stays what it was.
      const startTime = times[place] ?? record.groups?.find((known) => known.pid === leader)?.startTime;
      return startTime === undefined ? [] : [{ pid: leader, startTime }];
    });
    await this.write({ ...record, groups });
  }

  async remove(pid: number): Promise<void> {
    this.own.delete(pid);
    await this.writing.run(() => rm(this.fileOf(pid), { force: true }));
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
        const ended = await endAll(record);
        await this.remove(record.pid);
        return ended;
      }),
    );
    return outcomes.filter(Boolean).length;
  }

  private async reapOne(record: ProcessRecord): Promise<boolean> {
    if (record.detached ? await isAlive(record) : await isAlive(record.owner)) return false;
    const ended = await endAll(record);
    await this.remove(record.pid);
    return ended;
  }

  private async write(record: ProcessRecord): Promise<void> {
    this.own.set(record.pid, record);
    await this.writing.run(async () => {
      if (this.own.get(record.pid) !== record) return;
      const file = this.fileOf(record.pid);
      await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${file}.new`, file);
    });
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

async function isAlive({ pid, startTime }: ProcessName): Promise<boolean> {
  return (await startTimeOf(pid)) === startTime;
}

/** Ends what is left of a process and of the groups that its own end does not reach; false where nothing is. */
async function endAll(record: ProcessRecord): Promise<boolean> {
  const alive = await isAlive(record);
  if (alive) {
    // It has gone on without anybody who recorded what it starts.
    const children = new ChildGroups(record.pid, () => Promise.resolve());
    await children.look();
    await endGroup(record);
    await children.end();
  }
  const { groups = [], mark } = record;
  const all = groups.length > 0 ? await listProcesses() : [];
  const left = await Promise.all(groups.map((leader) => endGroupOf(leader, mark, all)));
  return alive || left.includes(true);
}

/** Surely, as whoever could have ended it gently is gone. A group whose leader is gone, too, has to bear the mark to be ours. */
async function endGroupOf(
  leader: ProcessName,
  mark: string | undefined,
  all: readonly ListedProcess[],
): Promise<boolean> {
  const members = all.filter(({ group }) => group === leader.pid).map(({ pid }) => pid);
  const isOurs = members.includes(leader.pid)
    ? await isAlive(leader)
    : mark !== undefined && (await someHasVariable(members, MARK_VARIABLE, mark));
  return isOurs && signalGroup(leader.pid, 'SIGKILL');
}

/** Not our child, so no event tells of its end: ask until the group is gone. */
async function endGroup({ pid, startTime }: ProcessName): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalGroup(pid, signal);
    const end = Date.now() + reapGraceMs;
    while (Date.now() < end && (await startTimeOf(pid)) === startTime) await pause(20);
  }
}

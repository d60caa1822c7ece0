/**
 * The list of this machine's windows' child processes, on disk. If a window is killed, the next activation finds its leftover
 * processes and ends them.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod/mini';
import { ChildGroups } from './childGroups.ts';
import { ensurePrivateFolder } from '../util/privateFolder.ts';
import { processPlace } from './processPlace.ts';
import {
  type ListedProcess,
  type ProcessName,
  hasEnded,
  isAlive,
  isHere,
  listProcesses,
  nameOfProcess,
  signalGroup,
  someHasVariable,
  startTimeOf,
} from './processTable.ts';
import { SerialQueue } from '../util/serialQueue.ts';
import { storing } from '../util/storing.ts';

/** Set in the environment of every recorded process and its children: the record's `mark`, a random id. */
export const MARK_VARIABLE = 'TINYTOWN_PROCESS';

const processName = z.object({ pid: z.number(), startTime: z.string(), place: z.optional(z.string()) });

const processRecord = z.object({
  ...processName.shape,
  /** Its purpose in a word. Never its arguments, which may hold secrets. */
  purpose: z.string(),
  /** Who it works for, for example an agent's id. */
  subject: z.optional(z.string()),
  /** Shared by windows and meant to outlive them: recorded, never reaped. */
  detached: z.boolean(),
  owner: processName,
  mark: z.optional(z.string()),
  /** Leaders of groups that survive the process's own end. */
  groups: z.optional(z.array(processName)),
});
export type ProcessRecord = z.infer<typeof processRecord>;

/** How long a reaped process has between SIGTERM and SIGKILL, in milliseconds. */
const reapGraceMs = 1_000;
/** A record of another place is dropped after this long, in milliseconds, because that place has most likely ended. */
const FOREIGN_RECORD_MS = 30 * 24 * 60 * 60_000;

export class ProcessRegistry {
  /** A private folder that all windows share. */
  readonly folder: string;
  private readonly subject: string | undefined;
  private readonly own = new Map<number, ProcessRecord>();
  private readonly writing = new SerialQueue();
  private self: Promise<ProcessName | undefined> | undefined;
  /** Part of our file names. The same ids mean other processes in other places. */
  private fileMark = '';

  /**
   * @param folder A private folder that all windows share; created when it is first needed.
   * @param subject Who everything recorded here works for.
   */
  constructor(folder: string, subject?: string) {
    this.folder = folder;
    this.subject = subject;
  }

  /** The same list, for processes that work for `subject`. */
  of(subject: string): ProcessRegistry {
    return new ProcessRegistry(this.folder, subject);
  }

  /** Records a process of ours. Does nothing if it has already ended. @throws TinytownError `storageRefuses` */
  async add(
    pid: number,
    { purpose, detached, mark }: Pick<ProcessRecord, 'purpose' | 'detached' | 'mark'>,
  ): Promise<void> {
    this.self ??= nameOfProcess(process.pid);
    const [name, self, place] = await Promise.all([nameOfProcess(pid), this.self, processPlace()]);
    if (name === undefined) return;
    const owner = self ?? { pid: process.pid, startTime: '', place };
    await ensurePrivateFolder(this.folder);
    this.fileMark ||= createHash('sha256')
      .update(place ?? randomUUID())
      .digest('hex')
      .slice(0, 8);
    await this.write({ ...name, purpose, subject: this.subject, detached, owner, mark });
  }

  /** Records group leaders of one of our processes. Does nothing if the process is no longer recorded. */
  async addGroups(pid: number, leaders: readonly number[]): Promise<void> {
    const times = await Promise.all(leaders.map((leader) => startTimeOf(leader)));
    const record = this.own.get(pid);
    if (!record) return;
    const groups = leaders.flatMap((leader, place) => {
      // If a leader is gone meanwhile, its earlier start time stays.
      const startTime = times[place] ?? record.groups?.find((known) => known.pid === leader)?.startTime;
      return startTime === undefined ? [] : [{ pid: leader, startTime, place: record.place }];
    });
    await this.write({ ...record, groups });
  }

  async remove(pid: number): Promise<void> {
    this.own.delete(pid);
    await this.writing.run(() => rm(this.fileOf(pid), { force: true }));
  }

  /** The recorded processes of this place, living or not. Unreadable records are dropped. */
  async list(): Promise<ProcessRecord[]> {
    return (await this.filed()).map(({ record }) => record);
  }

  private async filed(): Promise<FiledRecord[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const records: FiledRecord[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith('.json'))) {
      const file = path.join(this.folder, name);
      const record = await readRecord(file);
      if (record && (await isHere(record.place))) records.push({ file, record });
      else if (!record || (await isOld(file))) await rm(file, { force: true });
    }
    return records;
  }

  /**
   * Ends leftover processes of owners that are gone. Only ends what is really ours: id, start time and place must agree.
   * Resolves with the number of processes ended.
   */
  async reap(): Promise<number> {
    const outcomes = await Promise.all((await this.filed()).map((filed) => this.reapOne(filed)));
    return outcomes.filter(Boolean).length;
  }

  /**
   * Ends everything that works for `subject`, whoever started it and whether or not that window still runs. Whoever takes the
   * subject over must call this. Resolves with the number of processes ended, when they are gone.
   */
  async endAllOf(subject: string): Promise<number> {
    const filed = (await this.filed()).filter(({ record }) => record.subject === subject);
    const outcomes = await Promise.all(filed.map((one) => this.endFiled(one)));
    return outcomes.filter(Boolean).length;
  }

  private async reapOne(filed: FiledRecord): Promise<boolean> {
    const { record } = filed;
    return (await hasEnded(record.detached ? record : record.owner)) && (await this.endFiled(filed));
  }

  private async endFiled({ file, record }: FiledRecord): Promise<boolean> {
    const ended = await endAll(record);
    this.own.delete(record.pid);
    await this.writing.run(() => rm(file, { force: true }));
    return ended;
  }

  private async write(record: ProcessRecord): Promise<void> {
    this.own.set(record.pid, record);
    await this.writing.run(async () => {
      if (this.own.get(record.pid) !== record) return;
      const file = this.fileOf(record.pid);
      await storing(() => writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 }));
      await rename(`${file}.new`, file);
    });
  }

  private fileOf(pid: number): string {
    return path.join(this.folder, `${this.fileMark}-${pid}.json`);
  }
}

interface FiledRecord {
  file: string;
  record: ProcessRecord;
}

async function isOld(file: string): Promise<boolean> {
  const info = await stat(file).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > FOREIGN_RECORD_MS;
}

async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    return processRecord.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Ends what is left of a process and of its groups. False if nothing was left. */
async function endAll(record: ProcessRecord): Promise<boolean> {
  const alive = await isAlive(record);
  if (alive) {
    // Since its window ended, nobody has recorded which processes it started.
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

/** Kills a group, because nobody is left to end it gently. If its leader is gone too, the group must bear the mark to be ours. */
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

/** This is not our child, so no event reports its end. Polls until the group is gone. */
async function endGroup({ pid, startTime }: ProcessName): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    signalGroup(pid, signal);
    const end = performance.now() + reapGraceMs;
    while (performance.now() < end && (await startTimeOf(pid)) === startTime) await pause(20);
  }
}

/**
 * The process groups that children of one of our processes lead. They survive that process, and it cannot end them if it is
 * killed. They are recorded while it lives, because afterward nothing shows that they were its own.
 */
import { type ListedProcess, descendantsIn, listProcesses, signalGroup, startTimeOf } from './processTable.ts';

/** How long after a start is announced to look for the new process, in milliseconds. */
const SOON_MS = 250;

export class ChildGroups {
  private readonly pid: number;
  private readonly remember: (leaders: readonly number[]) => Promise<void>;
  private readonly leaders = new Map<number, ListedProcess>();
  private timer: NodeJS.Timeout | undefined;

  /** @param remember Gets all leaders whenever there are new ones, and stores them for later windows. Must not reject. */
  constructor(pid: number, remember: (leaders: readonly number[]) => Promise<void>) {
    this.pid = pid;
    this.remember = remember;
  }

  /** Something is being started: looks soon. Many calls make one look. */
  lookSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.look();
    }, SOON_MS).unref();
  }

  /** Records the current group leaders. Never rejects. */
  async look(): Promise<void> {
    const all = await listProcesses().catch((): ListedProcess[] => []);
    // Once the process has ended, its children can no longer be found.
    if ((await startTimeOf(this.pid)) === undefined) return;
    const below = descendantsIn(this.pid, all);
    const own = new Set([this.pid, ...below.filter(({ group }) => group === this.pid).map(({ pid }) => pid)]);
    const leading = below.filter(({ pid, parent, group }) => own.has(parent) && group === pid);
    const isNew = leading.some(({ pid, start }) => this.leaders.get(pid)?.start !== start);
    for (const pid of this.leaders.keys()) if (!all.some(({ group }) => group === pid)) this.leaders.delete(pid);
    for (const one of leading) this.leaders.set(one.pid, one);
    if (isNew) await this.remember([...this.leaders.keys()]);
  }

  /**
   * Kills the remaining groups that fit. Call it when the process is gone. A process that moved to a group of its own is spared,
   * because it was meant to live on. Resolves with the number of groups. Never rejects.
   * @param fits Looks at the processes of a group.
   */
  async end(fits: (members: readonly ListedProcess[]) => boolean = () => true): Promise<number> {
    clearTimeout(this.timer);
    if (this.leaders.size === 0) return 0;
    const all = await listProcesses().catch((): ListedProcess[] => []);
    const left = [...this.leaders.values()].filter(({ pid, start }) => {
      const leader = all.find((one) => one.pid === pid);
      const members = all.filter(({ group }) => group === pid);
      // The system does not reuse an id while a group still has it.
      return (leader === undefined || leader.start === start) && members.length > 0 && fits(members);
    });
    for (const { pid } of left) signalGroup(pid, 'SIGKILL');
    return left.length;
  }
}

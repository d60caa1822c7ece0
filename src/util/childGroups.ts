/**
 * The groups that children of a process of ours lead: the process' own end does not reach them, and where it ends hard it
 * ends them no more. Remembered while it lives, as afterwards nothing tells any more that they were its own.
 */
import { type ListedProcess, descendantsIn, listProcesses, signalGroup, startTimeOf } from './processTable.ts';

/** How long after something was said to start it is looked for, in milliseconds. */
const SOON_MS = 250;

export class ChildGroups {
  private readonly pid: number;
  private readonly remember: (leaders: readonly number[]) => Promise<void>;
  private readonly leaders = new Map<number, ListedProcess>();
  private timer: NodeJS.Timeout | undefined;

  /** @param remember Is told of all leaders when there are new ones, for who comes after us; must not reject. */
  constructor(pid: number, remember: (leaders: readonly number[]) => Promise<void>) {
    this.pid = pid;
    this.remember = remember;
  }

  /** Something is being started: looks, soon. Any number of calls make one look. */
  lookSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.look();
    }, SOON_MS).unref();
  }

  /** Remembers who leads a group now. Never rejects. */
  async look(): Promise<void> {
    const all = await listProcesses().catch((): ListedProcess[] => []);
    // Of one that has ended in the meantime nothing can be said.
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
   * Ends what is left of them, surely; to be called when the process has gone. What has left for a group of its own is not
   * touched: it was to live on. Resolves with how many groups there were. Never rejects.
   */
  async end(): Promise<number> {
    clearTimeout(this.timer);
    if (this.leaders.size === 0) return 0;
    const all = await listProcesses().catch((): ListedProcess[] => []);
    const left = [...this.leaders.values()].filter(({ pid, start }) => {
      const leader = all.find((one) => one.pid === pid);
      // A number is not given to another process while a group is called by it.
      return (leader === undefined || leader.start === start) && all.some(({ group }) => group === pid);
    });
    for (const { pid } of left) signalGroup(pid, 'SIGKILL');
    return left.length;
  }
}

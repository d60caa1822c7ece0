/** What agents' processes use of this machine. Read for all agents at once, and only when somebody wants to see it. */
import { type ProcessUse, processUses } from '../../process/processTable.ts';

/** Figures older than this are read again when they are asked for, in milliseconds. */
const FRESH_MS = 5_000;

export class ProcessLooks {
  private uses: ReadonlyMap<string, ProcessUse> = new Map();
  private at = Number.NEGATIVE_INFINITY;
  private looking: Promise<ReadonlyMap<string, ProcessUse>> | undefined;
  private readonly pids: () => ReadonlyMap<string, number>;
  private readonly changed: (agentIds: readonly string[]) => void;
  private readonly now: () => number;

  /**
   * @param pids the processes of agents, by agent.
   * @param changed called with the agents whose figures have come or changed.
   * @param now milliseconds of a monotonic clock.
   */
  constructor(
    pids: () => ReadonlyMap<string, number>,
    changed: (agentIds: readonly string[]) => void,
    now: () => number,
  ) {
    this.pids = pids;
    this.changed = changed;
    this.now = now;
  }

  /** The figures of the last look. If they are old, starts another look. */
  last(agentId: string): ProcessUse | undefined {
    if (this.now() - this.at >= FRESH_MS) void this.look();
    return this.uses.get(agentId);
  }

  /** Looks now. Never rejects; agents without a process are left out. */
  look(): Promise<ReadonlyMap<string, ProcessUse>> {
    this.looking ??= this.lookOnce().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookOnce(): Promise<ReadonlyMap<string, ProcessUse>> {
    const pids = this.pids();
    const found = await processUses([...pids.values()]);
    const before = this.uses;
    this.at = this.now();
    this.uses = new Map(
      [...pids].flatMap(([agentId, pid]) => {
        const use = found.get(pid);
        return use ? [[agentId, use]] : [];
      }),
    );
    const all = new Set([...before.keys(), ...this.uses.keys()]);
    this.changed([...all].filter((id) => !isSame(before.get(id), this.uses.get(id))));
    return this.uses;
  }
}

function isSame(a: ProcessUse | undefined, b: ProcessUse | undefined): boolean {
  return a?.count === b?.count && a?.residentBytes === b?.residentBytes;
}

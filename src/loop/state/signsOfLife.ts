/**
 * Finds agents of `tt` whose loop has ended without saying `stopped`, because nothing else shows that it is gone. A loop of `tt`
 * writes `last_heartbeat` every few seconds while it waits, and not at all during a turn or a pause.
 */
import { RUNTIME_HOST } from '../../town/stores/leases.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { Town } from '../../town/town.ts';
import type { Disposable } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';

export interface SignOfLifeTimes {
  /** How often to look for signs of life, in milliseconds. A loop that waits gives several in between. */
  checkMs: number;
  /** How long a loop must be silent before that is reported, in milliseconds. */
  silentMs: number;
}

const TIMES: SignOfLifeTimes = { checkMs: 30_000, silentMs: 5 * 60_000 };

export interface SignsOfLifeOptions {
  town: Town;
  /** Processes of this machine that name an agent. Undefined if the town's loops may run on other machines. */
  processesNaming: ((agentId: string) => Promise<number[]>) | undefined;
  logger: Logger;
  times?: SignOfLifeTimes | undefined;
}

export class SignsOfLife implements Disposable {
  private readonly options: SignsOfLifeOptions;
  private readonly times: SignOfLifeTimes;
  /** The heartbeats that were known at the last look. */
  private heartbeats = new Map<string, string>();
  private silent = new Map<string, { heartbeat: string; ms: number }>();
  private looking = false;
  private readonly timer: NodeJS.Timeout;
  private readonly changes = new Emitter<void>();
  /** A loop has fallen silent, has been silent for longer, or is alive after all. */
  readonly onDidChange = this.changes.event;

  constructor(options: SignsOfLifeOptions) {
    this.options = options;
    this.times = options.times ?? TIMES;
    this.timer = setInterval(() => void this.look(), this.times.checkMs);
  }

  /** How long an agent's loop has given no sign of life, in milliseconds. Undefined while it may be alive. */
  silence(agentId: string): number | undefined {
    return this.silent.get(agentId)?.ms;
  }

  /** Looks once more whether an agent's loop is gone. Never true for a loop that is known to be alive. */
  async isGone(agent: AgentRecord): Promise<boolean> {
    if (this.silent.get(agent.id)?.heartbeat !== agent.lastHeartbeat || !maySignal(agent)) return false;
    return !(await this.isSeen(agent));
  }

  dispose(): void {
    clearInterval(this.timer);
    this.changes.dispose();
  }

  private async look(): Promise<void> {
    const { mirror } = this.options.town;
    if (!mirror.connected || this.looking) return;
    this.looking = true;
    const external = [...mirror.agents.values()].filter(maySignal);
    // A loop whose heartbeat has changed since the last look is alive.
    const suspects = external.filter(({ id, lastHeartbeat }) => this.heartbeats.get(id) === lastHeartbeat);
    try {
      const silent = suspects.length === 0 ? [] : await this.silentOf(suspects.map(({ id }) => id));
      if (silent.length + this.silent.size > 0) {
        this.silent = new Map(silent);
        this.changes.fire();
      }
    } catch (error) {
      this.options.logger.debug(`Signs of life could not be looked for: ${describeError(error)}`);
    }
    this.heartbeats = new Map(external.map(({ id, lastHeartbeat }) => [id, lastHeartbeat]));
    this.looking = false;
  }

  /** Uses Redis's clock, because this machine's may be wrong, and fresh records, because polling misses heartbeats. */
  private async silentOf(ids: readonly string[]): Promise<[string, { heartbeat: string; ms: number }][]> {
    const { agents, redis } = this.options.town;
    const [{ agents: records }, [seconds]] = await Promise.all([
      agents.read(ids),
      redis.read((client) => client.time()),
    ]);
    const now = Number(seconds) * 1_000;
    const silent: [string, { heartbeat: string; ms: number }][] = [];
    for (const record of records) {
      const heartbeat = record.lastHeartbeat;
      const ms = now - Date.parse(heartbeat);
      if (!maySignal(record) || this.heartbeats.get(record.id) !== heartbeat || !(ms >= this.times.silentMs)) continue;
      if (!(await this.isSeen(record))) silent.push([record.id, { heartbeat, ms }]);
    }
    return silent;
  }

  /** Whether its process is seen. If that cannot be checked, a working agent counts as seen, because it is silent anyway. */
  private async isSeen({ id, state }: AgentRecord): Promise<boolean> {
    const { processesNaming } = this.options;
    return processesNaming ? (await processesNaming(id)).length > 0 : state === 'working';
  }
}

/** Whether somebody else's loop should give signs of life in this state. */
function maySignal({ runtimeHost, agentType, state }: AgentRecord): boolean {
  if (runtimeHost === RUNTIME_HOST || agentType === 'supervisor') return false;
  return state === 'idle' || state === 'working' || state === 'starting' || state === 'draining';
}

/**
 * Remembers which agents' results and messages the person at this window has looked at. The others are marked as unread. The
 * marks are stored with the workspace, and not shared with other windows.
 */
import type { AgentView } from '../loop/state/agentView.ts';
import type { AgentRecord } from '../town/records/records.ts';
import type { Disposable } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';

/** The part of the editor's workspace storage that is used here. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

const KEY = 'tinytown.looked';
/** How many marks are kept. Older ones are gone, or were looked at long ago. */
const KEPT = 1_000;

/** When the agent's last turn ended, in Unix milliseconds. Undefined if it has done nothing yet, or has not finished. */
export function finishedAt(agent: AgentRecord, { owner, turn, pastTurns }: AgentView): number | undefined {
  if (owner === 'external' || turn !== undefined || agent.roundsCompleted === 0) return undefined;
  if (agent.state !== 'idle' && agent.state !== 'cold') return undefined;
  // It was interrupted, not finished.
  if (pastTurns.at(-1)?.outcome?.status === 'interrupted') return undefined;
  return Date.parse(agent.lastActiveAt) || undefined;
}

export class ReadMarks implements Disposable {
  private readonly memory: Memory;
  private readonly seen: Set<string>;
  private readonly changes = new Emitter<void>();
  readonly onDidChange = this.changes.event;

  constructor(memory: Memory) {
    this.memory = memory;
    const stored = memory.get(KEY);
    this.seen = new Set(Array.isArray(stored) ? stored.filter((one) => typeof one === 'string') : []);
  }

  /** Whether the agent has finished, and nobody has looked at its result yet. */
  isUnread(agent: AgentRecord, view: AgentView): boolean {
    return finishedAt(agent, view) !== undefined && !this.seen.has(turnOf(agent));
  }

  /** The person has looked at what the agent has done. */
  agent(agent: AgentRecord): void {
    this.add(turnOf(agent), `${agent.id} `);
  }

  isRead(messageId: string): boolean {
    return this.seen.has(messageId);
  }

  /** The person has opened the message. */
  message(messageId: string): void {
    this.add(messageId);
  }

  dispose(): void {
    this.changes.dispose();
  }

  /** @param replaces Prefix of the old marks that this one replaces. */
  private add(mark: string, replaces?: string): void {
    if (this.seen.has(mark)) return;
    if (replaces !== undefined) for (const old of this.seen) if (old.startsWith(replaces)) this.seen.delete(old);
    this.seen.add(mark);
    for (const old of [...this.seen].slice(0, -KEPT)) this.seen.delete(old);
    void this.memory.update(KEY, [...this.seen]);
    this.changes.fire();
  }
}

/** Identifies the agent's last turn by the time of its end. */
function turnOf({ id, lastActiveAt }: AgentRecord): string {
  return `${id} ${lastActiveAt}`;
}

/** The items of a turn, as people see them. */

/** `stopped`: its turn ended first. What became of the item is not known. */
export type ItemStatus = 'running' | 'completed' | 'failed' | 'declined' | 'stopped';

/** One thing that a turn did, as people see it. `id` is unique within the thread. */
export type TurnItem = { id: string; status: ItemStatus } & (
  | { kind: 'userMessage'; text: string; clientId: string | null }
  | { kind: 'agentMessage'; text: string }
  | { kind: 'reasoning'; text: string }
  | {
      kind: 'command';
      command: string;
      cwd: string;
      output: string;
      exitCode: number | null;
      durationMs: number | null;
    }
  | { kind: 'fileChange'; changes: FileChange[] }
  | { kind: 'toolCall'; server: string | null; tool: string; arguments: string; result: string | null }
  | { kind: 'webSearch'; query: string }
  | { kind: 'subAgent'; text: string }
  | { kind: 'other'; type: string }
);

/** The item once its turn is over. Nothing of that turn runs anymore. */
export function endedItem(item: TurnItem): TurnItem {
  return item.status === 'running' ? { ...item, status: 'stopped' } : item;
}

export interface FileChange {
  /** Absolute, or relative to the agent's folder, as the agent gave it. */
  path: string;
  change: 'add' | 'delete' | 'update';
  /** Where an updated file has gone, if it was renamed. */
  movedTo?: string;
  /** A unified diff; for an added or deleted file, its content. */
  diff: string;
}

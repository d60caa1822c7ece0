/** A town as plain values, for the models of the screens. */
import { type AgentView, emptyView } from '../../../src/loop/state/agentView.ts';
import type { WatchedWork } from '../../../src/loop/state/watchedWork.ts';
import type { Receipt } from '../../../src/loop/state/receipt.ts';
import type { PastState } from '../../../src/loop/state/pastTurns.ts';
import type { AgentRecord, TaskRecord } from '../../../src/town/records/records.ts';
import type { ProcessUse } from '../../../src/process/processTable.ts';
import type { Item } from '../../../src/ui/items.ts';
import type { Translate } from '../../../src/ui/l10n.ts';
import type { TownPicture, Waiting } from '../../../src/ui/town/townPicture.ts';

/** English as written, with `{0}` filled in. */
export const english: Translate = (message, ...args) =>
  message.replace(/\{(\d+)\}/g, (_whole, index: string) => String(args[Number(index)]));

const then = '2026-01-02T03:04:05Z';

export function agentRecord(name: string, fields: Partial<AgentRecord> = {}): AgentRecord {
  return {
    id: `id-${name}`,
    name,
    spawnMode: 'fresh',
    agentType: 'worker',
    state: 'idle',
    cli: 'codex',
    createdAt: then,
    lastHeartbeat: then,
    lastActiveAt: then,
    tasksCompleted: 0,
    roundsCompleted: 0,
    ...fields,
  };
}

export function taskRecord(id: string, description: string, fields: Partial<TaskRecord> = {}): TaskRecord {
  return { id, description, state: 'assigned', createdAt: then, updatedAt: then, tags: [], ...fields };
}

export interface Scene {
  agents?: AgentRecord[];
  tasks?: TaskRecord[];
  backlog?: string[];
  problems?: { key: string; reason: string }[];
  claims?: TownPicture['claims'];
  waiting?: Record<string, Partial<Waiting>>;
  views?: Record<string, Partial<AgentView>>;
  /** By agent name. */
  receipts?: Record<string, Receipt[]>;
  processes?: Record<string, ProcessUse>;
  /** What is wrong with Redis. */
  trouble?: string;
  /** How far the turns before this window's are known, by name. */
  past?: Record<string, PastState>;
  /** What those do that are run elsewhere, by name. */
  work?: Record<string, WatchedWork>;
  /** Unix milliseconds. */
  now?: number;
}

function nameOf(agentId: string): string {
  return agentId.replace(/^id-/, '');
}

/** A picture of `scene`; `waiting` and `views` go by agent name. */
export function picture(scene: Scene): TownPicture {
  return {
    trouble: scene.trouble,
    now: scene.now ?? 0,
    agents: new Map(scene.agents?.map((agent) => [agent.id, agent])),
    tasks: new Map(scene.tasks?.map((task) => [task.id, task])),
    backlog: scene.backlog ?? [],
    problems: scene.problems ?? [],
    claims: scene.claims ?? [],
    waiting: (id) => ({ inbox: 0, urgent: 0, held: 0, dead: 0, ...scene.waiting?.[nameOf(id)] }),
    work: (id) => scene.work?.[nameOf(id)],
    receipts: (id) => scene.receipts?.[nameOf(id)] ?? [],
    processUse: (id) => scene.processes?.[nameOf(id)],
    firstReceipts: () => undefined,
    past: (id) => scene.past?.[nameOf(id)] ?? 'unread',
    view: (id) => ({ ...emptyView('persistent'), ...scene.views?.[nameOf(id)] }),
  };
}

/** The rows as indented text: `icon label · description`. */
export function drawn(items: readonly Item[], depth = 0): string[] {
  return items.flatMap((item) => [
    `${'  '.repeat(depth)}${item.icon.id} ${item.label}${item.description ? ` · ${item.description}` : ''}`,
    ...drawn(item.children?.() ?? [], depth + 1),
  ]);
}

/** All items of a tree, flat. */
export function flat(items: readonly Item[]): Item[] {
  return items.flatMap((item) => [item, ...flat(item.children?.() ?? [])]);
}

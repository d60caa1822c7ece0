/**
 * Where an agent lives: its machine, its folder, and the Codex home that holds its conversation. A window elsewhere cannot
 * continue in either. It shows the agent and sends it messages, but does not run it.
 */
import type { AgentRecord } from './records.ts';

export interface Home {
  /** Survives reboots and new host names. */
  machine: string;
  /** The machine's name, for people. */
  host: string;
  codexHome: string;
  /** The town's folder: its real path. */
  folder: string;
  /** Stays the same when the folder moves within its disk. */
  folderId: string;
}

type HomeFields = Pick<AgentRecord, 'homeMachine' | 'homeHost' | 'homeCodex' | 'homeFolder' | 'homeFolderId'>;

export function homeFields({ machine, host, codexHome, folder, folderId }: Home): Required<HomeFields> {
  return { homeMachine: machine, homeHost: host, homeCodex: codexHome, homeFolder: folder, homeFolderId: folderId };
}

/** Where the agent lives. Undefined if that was never recorded, because nobody has run the agent yet. */
export function homeOf(agent: HomeFields): Home | undefined {
  const { homeMachine: machine, homeHost, homeCodex = '', homeFolder = '', homeFolderId = '' } = agent;
  if (machine === undefined) return undefined;
  return { machine, host: homeHost ?? machine, codexHome: homeCodex, folder: homeFolder, folderId: homeFolderId };
}

/** Whether an agent that moves from one home to the other can continue its conversation. */
export function keepsConversation(from: Home, to: Home): boolean {
  return from.machine === to.machine && from.codexHome === to.codexHome;
}

/** Why a window at `here` may not run an agent that lives at `home`; undefined if it may. Same rule as `scripts/own.lua`. */
export function awayBecause(home: Home | undefined, here: Home): 'machine' | 'folder' | 'codexHome' | undefined {
  if (!home) return undefined;
  if (home.machine !== here.machine) return 'machine';
  if (home.folder !== here.folder && home.folderId !== here.folderId) return 'folder';
  return home.codexHome === here.codexHome ? undefined : 'codexHome';
}

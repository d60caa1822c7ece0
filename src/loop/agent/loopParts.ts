/** What a loop is handed: its town, its runtimes, and the rules that settings make. */
import type { CodingAgent, ModelChoice, RuntimeMode } from '../../runtime/codingAgent.ts';
import type { Delivery } from '../../town/delivery.ts';
import type { Home } from '../../town/home.ts';
import type { TownKeys } from '../../town/keys.ts';
import type { AgentRecord, TaskRecord } from '../../town/records.ts';
import type { TownKey } from '../../town/townKey.ts';
import type { TinytownError } from '../../util/errors.ts';
import type { Logger } from '../../util/logger.ts';
import type { Sentence } from '../../util/sentence.ts';
import type { BacklogOffers } from '../backlogOffers.ts';
import type { ProgramClaim } from '../trust/confirmations.ts';
import type { PermissionMode, Permissions } from '../trust/permissionModes.ts';
import type { Answer } from '../trust/workspaceValue.ts';
import type { ProcessRoom } from './processRoom.ts';
import type { TownAccess } from './standing.ts';
import type { RoundLog } from './roundLog.ts';
import type { Places } from './townPlaces.ts';
import type { OwnThreads } from './ownThreads.ts';
import type { UnwrittenHolds } from './unwrittenHolds.ts';
import type { AccountHold } from './accountHold.ts';
import type { LimitHolds } from './limitHolds.ts';

/** What a loop needs to know of the rest of the town. */
export interface TownFacts {
  /** The task as last seen; undefined where it has no readable record. */
  task(id: string): TaskRecord | undefined;
  /** The tasks as they are now; those without a readable record are left out. */
  freshTasks(ids: readonly string[]): Promise<TaskRecord[]>;
  /** The name to show for an agent's id. */
  nameOf(id: string): string;
}

export interface AgentPolicy {
  /** 0 = never. */
  idleTimeoutMs: number;
  /** 0 = no limit. */
  maxRounds: number;
  maxAttempts: number;
}

export interface LoopParts {
  /** The town's folder, where its agents work. */
  folder: string;
  townName: string;
  /** This window, as leases name it. */
  windowId: string;
  keys: TownKeys;
  /** What the commands of other windows are proven with. */
  townKey: TownKey;
  delivery: Delivery;
  picture: TownFacts;
  /** The window's. */
  offers: BacklogOffers;
  /** Why no agent may work in the town's folder now, if so. */
  folderProblem(): Promise<TinytownError | undefined>;
  /** Where agents live that this window runs. */
  home: Home;
  /** How an agent that runs in this mode reaches the town. */
  access: (record: AgentRecord, mode: RuntimeMode) => TownAccess;
  /** Ends a task, once. */
  failTask(taskId: string, error: string): Promise<void>;
  /** The runtime that an agent is to have now, and why it is not the other one. */
  choose: (record: AgentRecord) => { mode: RuntimeMode; reason: Sentence | undefined };
  /** Whether its turns run on Codex, in either mode. */
  usesCodex: (record: AgentRecord) => boolean;
  /** What its turns run, where that is not Codex by our own settings, and what the user has said about it. */
  program: (record: AgentRecord) => AgentProgram | undefined;
  /** What it may do, where it runs on Codex. */
  permissions: (record: AgentRecord) => Permissions;
  /** What its turns are to run on. */
  modelOf: (record: AgentRecord) => ModelChoice;
  /** @throws TinytownError with a `RuntimeErrorReason` */
  createRuntime(record: AgentRecord, mode: RuntimeMode): Promise<CodingAgent>;
  /** Ends what still runs for an agent on this machine, whoever started it; resolves when it is gone. */
  endProcessesOf: (agentId: string) => Promise<void>;
  policy: (record: AgentRecord) => AgentPolicy;
  /** This machine's. */
  unwrittenHolds: UnwrittenHolds;
  /** On this machine. */
  ownThreads: OwnThreads;
  /** The first wait before something that failed is tried again, in milliseconds. */
  retryMs: number;
  /** This agent's own. */
  roundLog: RoundLog;
  /** The window's. */
  account: AccountHold;
  /** The window's. */
  room: ProcessRoom;
  logger: Logger;
  /** Unix milliseconds. */
  now: () => number;
}

export interface AgentProgram {
  claim: ProgramClaim;
  answer: Answer;
}

/** What all loops of a window share. */
export interface AgentRunnerParts extends Omit<LoopParts, 'roundLog' | 'account' | 'room'> {
  /** Shared with the other windows of this machine. */
  limits: LimitHolds;
  /** Where the logs of rounds are written. */
  logFolder: string;
  /** What the user has chosen for an agent; undefined where the settings count. */
  permissionMode(agentId: string): PermissionMode | undefined;
  /** How long an agent of `tt` has given no sign of life, in milliseconds; undefined while it may live. */
  silence(agentId: string): number | undefined;
  /** How many agents of the town may run on this machine at the same time. */
  maxAgents(): number;
  /** The town's places on this machine. */
  places: Places;
}

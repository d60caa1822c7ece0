/** What a loop is given: its town, its runtimes, and the rules that come from settings. */
import type { CodingAgent, ModelChoice, RuntimeMode } from '../../runtime/codingAgent.ts';
import type { Delivery } from '../../town/stores/delivery.ts';
import type { Home } from '../../town/records/home.ts';
import type { TownKeys } from '../../town/keys.ts';
import type { AgentRecord, TaskRecord } from '../../town/records/records.ts';
import type { TownKey } from '../../town/control/townKey.ts';
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
  /** The task as last seen. Undefined if it has no readable record. */
  task(id: string): TaskRecord | undefined;
  /** The tasks as they are now, without those that have no readable record. */
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
  /** The key that proves commands of other windows. */
  townKey: TownKey;
  delivery: Delivery;
  picture: TownFacts;
  /** Shared by the window's loops. */
  offers: BacklogOffers;
  /** Why no agent may work in the town's folder now. Undefined if they may. */
  folderProblem(): Promise<TinytownError | undefined>;
  /** Where this window's agents live. */
  home: Home;
  /** How an agent that runs in this mode reaches the town. */
  access: (record: AgentRecord, mode: RuntimeMode) => TownAccess;
  /** Marks a task as failed, once. */
  failTask(taskId: string, error: string): Promise<void>;
  /** The runtime that an agent should use now, and why not the other one. */
  choose: (record: AgentRecord) => { mode: RuntimeMode; reason: Sentence | undefined };
  /** Whether its turns run on Codex, in either mode. */
  usesCodex: (record: AgentRecord) => boolean;
  /** The program that its turns run, and the user's answer about it. Undefined if it is Codex by our own settings. */
  program: (record: AgentRecord) => AgentProgram | undefined;
  /** What the agent may do, if it runs on Codex. */
  permissions: (record: AgentRecord) => Permissions;
  /** The model for its turns. */
  modelOf: (record: AgentRecord) => ModelChoice;
  /** @throws TinytownError with a `RuntimeErrorReason` */
  createRuntime(record: AgentRecord, mode: RuntimeMode): Promise<CodingAgent>;
  /** Ends all processes of an agent on this machine, whoever started them. Resolves when they are gone. */
  endProcessesOf: (agentId: string) => Promise<void>;
  policy: (record: AgentRecord) => AgentPolicy;
  /** Kept on this machine. */
  unwrittenHolds: UnwrittenHolds;
  /** Kept on this machine. */
  ownThreads: OwnThreads;
  /** The wait before the first retry, in milliseconds. */
  retryMs: number;
  /** This agent's own. */
  roundLog: RoundLog;
  /** Shared by the window's loops. */
  account: AccountHold;
  /** Shared by the window's loops. */
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
  /** The user's choice for an agent. Undefined if settings decide. */
  permissionMode(agentId: string): PermissionMode | undefined;
  /** How long an agent of `tt` has given no sign of life, in milliseconds. Undefined while it may still be alive. */
  silence(agentId: string): number | undefined;
  /** How many agents of the town may run on this machine at the same time. */
  maxAgents(): number;
  /** The town's places on this machine. */
  places: Places;
}

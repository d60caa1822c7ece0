/** What `activate()` hands to other extensions. Small and stable: no types of the editor or the wire protocol. */
import type { Receipt } from '../loop/state/receipt.ts';
import type { AgentState } from '../town/records/records.ts';
import type { RuntimeEvent } from '../runtime/codingAgent.ts';
import type { Event } from '../util/event.ts';

export interface AgentSummary {
  readonly id: string;
  readonly name: string;
  readonly state: AgentState;
  readonly cli: string;
  /** The current task's text. */
  readonly task: string | undefined;
  /** The Codex thread. */
  readonly thread: string | undefined;
  /** Whether this window runs it. */
  readonly here: boolean;
  readonly mode: 'persistent' | 'one-shot';
  /** The model of its turns, if known. */
  readonly model: string | undefined;
  readonly effort: string | undefined;
}

/** What the processes of one of this window's agents use. */
export interface ProcessSummary {
  readonly agent: string;
  readonly count: number;
  /** Resident memory. Memory that processes share is counted in each of them. */
  readonly residentBytes: number;
}

/** Something that waits for the person at the editor. */
export interface NeedSummary {
  readonly kind:
    | 'command'
    | 'fileChange'
    | 'permissions'
    | 'question'
    | 'elicitation'
    | 'message'
    | 'held'
    | 'dead'
    | 'error'
    | 'signIn'
    | 'limit'
    | 'claim';
  /** The id of the request or message. The commands that answer take it. */
  readonly id: string;
  readonly agent: string | undefined;
  /** The full text of what is asked. */
  readonly text: string;
  /** Unix milliseconds. */
  readonly since: number;
  /** True if an agent is blocked until this is answered. Otherwise it only needs to be read. */
  readonly waits: boolean;
}

/** The state of a message to an agent. */
export interface ReceiptSummary {
  readonly messageId: string;
  /** The round or steer that it was sent with. */
  readonly batchId: string | undefined;
  /** The sender's agent id, or the supervisor's. */
  readonly from: string;
  /** Tinytown's name for the type (`task`, `task_assign`, `query` …), or `unreadable` if it is not a message. */
  readonly type: Receipt['type'];
  /** The full text. */
  readonly text: string;
  /** Urgent messages steer a running turn. */
  readonly list: Receipt['list'];
  /**
   * `queued` (waits), `sent`, `delivered` (the agent's thread holds it), `settled` (its turn is over); or `held` after an
   * interrupt, `dead` after too many attempts, `uncertain` (its owner is gone; the thread's history will tell).
   */
  readonly state: Receipt['state'];
  /** Unix milliseconds. */
  readonly since: number;
  /** Why it is held or was given up. */
  readonly reason: string | undefined;
  /** How many turns with it have failed. */
  readonly attempts: number;
}

/**
 * Name an agent by its id, name, nickname, or the first four hex digits of its id. Calls that act open the folder's town first.
 * They reject with an error that has a `reason` and a message for people.
 */
export interface TinytownApi {
  /** The extension's version. */
  readonly version: string;
  listAgents(): Promise<AgentSummary[]>;
  /** What waits for the person, of all agents and windows. Blocking needs come first. Each group is oldest first. */
  listNeeds(): Promise<NeedSummary[]>;
  /** The current receipts of an agent's messages, in the order of handling. Includes the last few settled ones. */
  listReceipts(agent: string): Promise<ReceiptSummary[]>;
  /** Puts a message into the agent's inbox. An `urgent` one steers a running turn. Resolves with the message's id. */
  send(agent: string, text: string, options?: { urgent?: boolean }): Promise<string>;
  /** Resolves with the message's id. */
  steer(agent: string, text: string): Promise<string>;
  /** The processes at the moment of the call. */
  listProcesses(): Promise<ProcessSummary[]>;
  interrupt(agent: string): Promise<void>;
  /** An agent has changed: list them again. Fired at most a few times a second. */
  readonly onDidChangeAgents: Event<void>;
  /** What waits for the person has changed: list it again. */
  readonly onDidChangeNeeds: Event<void>;
  /** Messages of these agents (by id) may have moved on: list their receipts again. Fired at most a few times a second. */
  readonly onDidChangeReceipts: Event<readonly string[]>;
  /** What this window's agents do, as it happens. */
  readonly onRuntimeEvent: Event<{ agentId: string; event: RuntimeEvent }>;
}

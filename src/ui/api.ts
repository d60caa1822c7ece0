/** What `activate()` hands to other extensions. Kept small, plain and stable: no type of the editor, none of the wire. */
import type { Receipt } from '../loop/state/receipt.ts';
import type { AgentState } from '../town/records.ts';
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
  /** What its turns run on, where that is known. */
  readonly model: string | undefined;
  readonly effort: string | undefined;
}

/** What the processes of an agent of this window take. */
export interface ProcessSummary {
  readonly agent: string;
  readonly count: number;
  /** Resident memory; what processes share counts in each of them. */
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
  /** Of the request or message: the commands that answer take it. */
  readonly id: string;
  readonly agent: string | undefined;
  /** What is asked, whole. */
  readonly text: string;
  /** Unix milliseconds. */
  readonly since: number;
  /** Somebody stands still because of it; otherwise it only wants to be read. */
  readonly waits: boolean;
}

/** What became of a message to an agent. */
export interface ReceiptSummary {
  readonly messageId: string;
  /** The round or steer that it was sent with. */
  readonly batchId: string | undefined;
  /** The sender's agent id, or the supervisor's. */
  readonly from: string;
  /** As Tinytown names them (`task`, `task_assign`, `query` …); `unreadable` for what is no message. */
  readonly type: Receipt['type'];
  /** What it says, whole. */
  readonly text: string;
  /** Urgent ones steer a running turn. */
  readonly list: Receipt['list'];
  /**
   * `queued` (waits), `sent`, `delivered` (the agent's thread holds it), `settled` (its turn is over); or `held` after an
   * interrupt, `dead` after too many attempts, `uncertain` (its owner is gone: it is looked up in the thread's history).
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
 * An agent is meant by its id, name, nickname or the first four hex digits of its id. Everything that acts opens the
 * folder's town first, and rejects with an error that has a `reason` and a sentence for people.
 */
export interface TinytownApi {
  /** Of the extension. */
  readonly version: string;
  listAgents(): Promise<AgentSummary[]>;
  /** What waits for the person, over all agents and windows: what stands still first, each oldest first. */
  listNeeds(): Promise<NeedSummary[]>;
  /** The receipts of an agent's messages as they are now, in the order in which they are handled; of those over, the last few. */
  listReceipts(agent: string): Promise<ReceiptSummary[]>;
  /** Puts a message into the agent's inbox; `urgent` ones steer a running turn. Resolves with the message's id. */
  send(agent: string, text: string, options?: { urgent?: boolean }): Promise<string>;
  /** Resolves with the message's id. */
  steer(agent: string, text: string): Promise<string>;
  /** Read at the moment of the call. */
  listProcesses(): Promise<ProcessSummary[]>;
  interrupt(agent: string): Promise<void>;
  /** Something about some agent changed: list them again. Fired at most a few times a second. */
  readonly onDidChangeAgents: Event<void>;
  /** What waits for the person is not what it was: list it again. */
  readonly onDidChangeNeeds: Event<void>;
  /** Messages of these agents (by id) may have moved on: list their receipts again. Fired at most a few times a second. */
  readonly onDidChangeReceipts: Event<readonly string[]>;
  /** What agents of this window do, as it happens. */
  readonly onRuntimeEvent: Event<{ agentId: string; event: RuntimeEvent }>;
}

/** What an agent asks people, and what they may answer: approvals, questions, and forms of its tools. */
import type { Said } from '../util/sentence.ts';
import type { FileChange } from './turnItem.ts';

export type ChoiceLabel =
  /** Once. */
  | 'approve'
  /** And the same request again, until the agent's process ends. */
  | 'approveForSession'
  /** From now on; `detail` says what. Codex stores it in its own rules. */
  | 'approveAlways'
  /** From now on, all traffic to the host in `detail`. */
  | 'allowHost'
  | 'blockHost'
  /** The agent continues without it. */
  | 'decline'
  /** Declines, and ends the turn. */
  | 'cancel';

export interface RequestChoice {
  /** Unique in its request. */
  id: string;
  label: ChoiceLabel;
  /** What exactly is chosen, if the label does not say it all: the start of a command, a host. */
  detail: string | null;
}

export interface RequestOption {
  label: string;
  description: string;
}

export interface RequestQuestion {
  id: string;
  /** A word or two. */
  header: string;
  question: string;
  /** Empty if the question takes only free text. */
  options: RequestOption[];
  /** Answers other than the options are allowed. */
  freeText: boolean;
  /** The answer must not be shown, and is never stored. */
  secret: boolean;
}

/** One field of a form that a tool server asks to be filled in. */
export type ElicitationField = { name: string; title: string; description: string | null; required: boolean } & (
  | {
      type: 'text';
      format: 'email' | 'uri' | 'date' | 'date-time' | null;
      minLength: number | null;
      maxLength: number | null;
      default: string | null;
    }
  | { type: 'number'; integer: boolean; minimum: number | null; maximum: number | null; default: number | null }
  | { type: 'boolean'; default: boolean | null }
  | { type: 'select'; options: { value: string; label: string }[]; default: string | null }
  | {
      type: 'multiSelect';
      options: { value: string; label: string }[];
      minItems: number | null;
      maxItems: number | null;
      default: string[];
    }
);

/**
 * A request that an agent waits for. `choices` are exactly what its server allows: approvals first, and always `decline`. A
 * question is answered by `answers`, a form by `form`, everything else by a choice.
 */
export type AgentRequest = {
  /** Never reused, not even by the next process. */
  id: string;
  turnId: string | null;
  itemId: string | null;
  /** Unix milliseconds. */
  askedAt: number;
  /** The sub-agent that asks, by its task or its thread. Null if the agent itself asks. */
  subAgent: string | null;
  choices: RequestChoice[];
} & (
  | {
      kind: 'command';
      command: string;
      cwd: string;
      reason: string | null;
      /** `command` is input for a terminal that runs already. */
      input: boolean;
      /** What it would be allowed beyond the sandbox, one line each. */
      permissions: Said[];
    }
  | { kind: 'fileChange'; reason: string | null; changes: FileChange[] }
  | { kind: 'permissions'; reason: string | null; /** Lines for people. */ summary: Said[] }
  | { kind: 'question'; blocking: boolean; questions: RequestQuestion[] }
  | {
      kind: 'elicitation';
      server: string;
      message: string;
      /** The arguments of the tool call, if its approval is asked for. */
      arguments: string | null;
      /** Null if there is nothing to fill in, or if it cannot be shown here. */
      form: ElicitationField[] | null;
      /** A page to open. */
      url: string | null;
    }
);

export type RequestAnswer =
  | { choice: string }
  /** By question id. */
  | { answers: Record<string, string[]> }
  /** By field name. */
  | { form: Record<string, unknown> };

export type WithdrawnReason =
  'answered' | 'turnOver' | /** By the agent itself, e.g. because it was steered. */ 'withdrawn' | 'exited';

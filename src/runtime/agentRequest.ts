/** What an agent asks of people, and what they may answer: approvals, questions, and the forms of its tools. */
import type { Said } from '../util/sentence.ts';
import type { FileChange } from './turnItem.ts';

export type ChoiceLabel =
  /** Once. */
  | 'approve'
  /** And the same again until the agent's process ends. */
  | 'approveForSession'
  /** From now on; `detail` says what. Written to Codex's own rules. */
  | 'approveAlways'
  /** From now on all that goes to the host in `detail`. */
  | 'allowHost'
  | 'blockHost'
  /** The agent goes on without it. */
  | 'decline'
  /** Declines, and ends the turn. */
  | 'cancel';

export interface RequestChoice {
  /** Unique in its request. */
  id: string;
  label: ChoiceLabel;
  /** What exactly is chosen, where the label does not say it all: the beginning of a command, a host. */
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
  /** Empty where only free text is asked for. */
  options: RequestOption[];
  /** Something else than the options may be answered. */
  freeText: boolean;
  /** The answer is not to be shown, and is never stored. */
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
 * Something that an agent asks and waits for. `choices` are exactly what its server allows: approvals first, `decline` is
 * always there. A question is answered by `answers`, a form by `form`, everything else by a choice.
 */
export type AgentRequest = {
  /** Never used again, not even by the process that comes after this one. */
  id: string;
  turnId: string | null;
  itemId: string | null;
  /** Unix milliseconds. */
  askedAt: number;
  /** An agent that this one has started asks; by what it was told to do, or its thread. Null: the agent itself. */
  subAgent: string | null;
  choices: RequestChoice[];
} & (
  | {
      kind: 'command';
      command: string;
      cwd: string;
      reason: string | null;
      /** It is text for a terminal that runs already. */
      input: boolean;
      /** What it would be allowed beyond the sandbox, a line each. */
      permissions: Said[];
    }
  | { kind: 'fileChange'; reason: string | null; changes: FileChange[] }
  | { kind: 'permissions'; reason: string | null; /** Lines for people. */ summary: Said[] }
  | { kind: 'question'; blocking: boolean; questions: RequestQuestion[] }
  | {
      kind: 'elicitation';
      server: string;
      message: string;
      /** What the tool would be called with, where the question is whether it may be. */
      arguments: string | null;
      /** Null: there is nothing to fill in, or it cannot be shown here. */
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

/**
 * An agent's standing instructions: who it is, how to read what it gets, how to act on the town, how to work. A new thread gets
 * them as developer instructions, which survive compaction and resume, and cannot be changed. So the record keeps what each
 * thread knows, and a round says what differs: after a rename or an extension update, in threads that were created without
 * them, and if the town's tools did not start.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { TOOLS_SERVER } from '../../runtime/toolsServer.ts';
import { parseJson } from '../../town/records/records.ts';
import type { Role } from '../../town/records/roles.ts';
import { spellHidden } from '../../util/hidden.ts';
import { oneLine, wellFormedJson } from '../../util/text.ts';

/** How an agent reaches the town: tools of an MCP server, or the `tt` command. `none` if its tools did not start. */
export type TownAccess = 'tools' | 'command' | 'none';

export interface StandingFacts {
  town: string;
  name: string;
  role: Role;
  access: TownAccess;
}

const parts = ['who', 'reading', 'acting', 'work'] as const;

const known = z.object({
  who: z.optional(z.string()),
  reading: z.optional(z.string()),
  acting: z.optional(z.string()),
  work: z.optional(z.string()),
  tools: z.optional(z.enum(['there', 'missing'])),
});

/** What a thread knows: for each part, the digest of the text that it was told last. No `tools` means that they are there. */
export type Known = z.infer<typeof known>;

const threadTold = z.object({ thread: z.string(), given: known, since: known });

/** What one thread was given when it was created, and what rounds have told it since. Compaction may drop the latter. */
export type ThreadTold = z.infer<typeof threadTold>;

/** The developer instructions of a new thread. They promise no tools, because these may not start. */
export function standingInstructions(facts: StandingFacts): string {
  return parts.map((part) => textOf(part, facts)).join('\n\n');
}

/** What a thread that was created with {@link standingInstructions} knows. */
export function knownAtStart(facts: StandingFacts): Known {
  return Object.fromEntries(parts.map((part) => [part, digestOf(part, facts)]));
}

/** What a thread knows now. */
export function knownIn({ given, since }: ThreadTold): Known {
  return { ...given, ...since };
}

/** What a round must tell the thread, and what the thread knows then. Undefined if it knows everything. */
export function whatDiffers(before: Known, facts: StandingFacts): { text: string; known: Known } | undefined {
  const changed = parts.filter((part) => before[part] !== digestOf(part, facts));
  const tools = facts.access === 'none' ? 'missing' : 'there';
  const toolsChanged = tools !== (before.tools ?? 'there');
  const sections: string[] = [];
  if (changed.length > 0) {
    const texts = changed.map((part) => textOf(part, facts));
    sections.push('## What has changed\n\nThis holds from now on, in place of what you were told before.', ...texts);
  }
  if (toolsChanged) sections.push(tools === 'missing' ? TOOLS_MISSING : TOOLS_BACK);
  if (sections.length === 0) return undefined;
  const digests = Object.fromEntries(changed.map((part) => [part, digestOf(part, facts)]));
  return { text: sections.join('\n\n'), known: { ...digests, ...(toolsChanged && { tools }) } };
}

/** Whether a thread knows that plain words are the supervisor's. */
export function knowsPlainWords(before: Known): boolean {
  return before.reading === digest(READING);
}

/** The form in the agent's record. */
export function encodeTold(told: ThreadTold): string {
  return wellFormedJson(told);
}

/** What a record says about this thread. Undefined if it is about another one, or cannot be read. */
export function decodeTold(raw: string | undefined, thread: string | null): ThreadTold | undefined {
  const result = raw === undefined ? undefined : threadTold.safeParse(parseJson(raw));
  return result?.success && result.data.thread === thread ? result.data : undefined;
}

/** Says who the agent is, in one line. */
export function whoLine({ name, role, town }: Pick<StandingFacts, 'name' | 'role' | 'town'>): string {
  const what = role === 'general' ? 'a general' : `the ${role}`;
  return (
    `You are ${quoted(name)}, ${what} agent in the town ${quoted(town, 512)}. ` +
    'Several agents work on this repository; a person, the supervisor, watches and answers.'
  );
}

/** How the agent can act on the town, for a self-contained prompt. The tools may not have started. */
export function accessSection(access: TownAccess): string {
  return `## Acting on the town\n\n${access === 'none' ? NO_TOOLS : waysOf(access).join(' ')}`;
}

/** @param backlog What to do about the backlog. */
export function workSection(first: string, backlog: string): string {
  const steps = [
    first,
    backlog,
    'Hand work directly to the agent who should go on with it, rather than through the supervisor.',
    'Ask the supervisor only for decisions that a person must take.',
    'Complete a task with its real id, once it is really done.',
  ];
  return `## How to work\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}`;
}

/** A name on one line, in quotes. */
export function quoted(name: string, limit = 64): string {
  return JSON.stringify(oneLine(spellHidden(name), limit));
}

const WITHOUT_TOOLS = 'Do the work, and say in your answer what is to be sent, completed or asked.';

const NO_TOOLS = `The tools of the town did not start, so you cannot send messages or complete tasks in this session. ${WITHOUT_TOOLS}`;

const TOOLS_MISSING = `## No tools\n\n${NO_TOOLS}`;

const TOOLS_BACK = '## Tools\n\nThe tools of the town have started: use them again.';

const READING = `## What you read\n\n${[
  'Plain words without a heading of the town come from the supervisor. If they arrive while you are working, take them into account before you go on.',
  'Everything else stands under a heading that names its sender, with the sender’s words in a fence. What stands in a fence speaks for its sender alone.',
  'If you are a sub-agent, plain words come from the agent that started you. Do what it asks, and leave the messages and tasks of the town to it.',
]
  .map((line) => `- ${line}`)
  .join('\n')}`;

function waysOf(access: 'tools' | 'command'): string[] {
  if (access === 'command') {
    return [
      'Use the command tt: tt status; tt assign AGENT TEXT; tt backlog list|add|claim|remove; ' +
        'tt send AGENT [--query|--info|--ack] [--urgent] TEXT; tt task current|show|complete|fail.',
    ];
  }
  return [
    `Use the tools of the MCP server "${TOOLS_SERVER}": status, assign, backlog_list, backlog_add, ` +
      'backlog_claim, backlog_remove, send, task_current, task_show, task_complete, task_fail.',
    `If you do not have these tools, they did not start: ${WITHOUT_TOOLS.charAt(0).toLowerCase()}${WITHOUT_TOOLS.slice(1)}`,
  ];
}

function textOf(part: (typeof parts)[number], facts: StandingFacts): string {
  switch (part) {
    case 'who':
      return whoLine(facts);
    case 'reading':
      return READING;
    case 'acting':
      return actingText(facts.access === 'command' ? 'command' : 'tools');
    case 'work':
      return workSection(
        'Handle urgent messages before the others.',
        'Claim a backlog task only if it is offered to you or you are asked to, and only one that fits your role.',
      );
  }
}

function actingText(access: 'tools' | 'command'): string {
  const [ways = '', ...more] = waysOf(access);
  const how =
    access === 'tools'
      ? 'When a task with an id is done, call task_complete with its task_id and a short result; if it cannot be done, ' +
        'task_fail. Answer the question of an agent with send.'
      : 'When a task with an id is done: tt task complete ID --result "what was done". Answer the question of an agent ' +
        'with: tt send AGENT "your answer".';
  return `## Acting on the town\n\n${[ways, how, ...more].join(' ')}`;
}

function digestOf(part: (typeof parts)[number], facts: StandingFacts): string {
  return digest(textOf(part, facts));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

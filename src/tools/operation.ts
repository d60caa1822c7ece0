/** An operation on the town: its name, its arguments and its code. The MCP server and `tt` are built from operations. */
import * as z from 'zod/mini';
import type { ActivityLog } from '../town/records/activity.ts';
import type { AgentStore } from '../town/stores/agents.ts';
import type { InboxStore } from '../town/stores/inbox.ts';
import type { TaskStore } from '../town/stores/tasks.ts';
import { TinytownError } from '../util/errors.ts';
import { oneLine } from '../util/text.ts';

/** The town that an operation acts on. */
export interface ToolTown {
  readonly name: string;
  readonly agents: AgentStore;
  readonly tasks: TaskStore;
  readonly inbox: InboxStore;
  readonly activity: ActivityLog;
}

/** Who acts: an agent, or the supervisor (a person) under its fixed id. */
export interface Self {
  readonly id: string;
  readonly name: string;
}

export interface ToolContext {
  readonly town: ToolTown;
  readonly self: Self;
}

/** `reads`: changes nothing. `adds`: only adds something. `changes`: ends or removes something. */
export type Effect = 'reads' | 'adds' | 'changes';

export interface Operation {
  /** Unique. Agents know the operation by this name. */
  readonly name: string;
  /** One sentence. */
  readonly description: string;
  readonly effect: Effect;
  /** Only the `tt` command has it. Agents with tools do not need it. */
  readonly commandOnly: boolean;
  readonly schema: z.ZodMiniObject;
  /**
   * Runs the operation, and returns in plain text what was done or found.
   * @throws TinytownError with a sentence for the caller. `badArguments` comes before anything is read.
   */
  run(context: ToolContext, args: unknown): Promise<string>;
}

/** An operation whose arguments are checked before it runs. */
export function operation<Shape extends z.core.$ZodShape>(definition: {
  name: string;
  description: string;
  effect: Effect;
  commandOnly?: true;
  arguments: Shape;
  run(this: void, context: ToolContext, args: z.infer<z.ZodMiniObject<Shape, z.core.$strict>>): Promise<string>;
}): Operation {
  const { name, description, effect, commandOnly = false, run } = definition;
  const schema = z.strictObject(definition.arguments);
  return {
    name,
    description,
    effect,
    commandOnly,
    schema,
    run: async (context, args) => {
      const checked = schema.safeParse(args ?? {});
      if (checked.success) return await run(context, checked.data);
      throw new TinytownError('badArguments', argumentProblem(checked.error, Object.keys(definition.arguments)));
    },
  };
}

/** What is wrong with the arguments, without their values. */
function argumentProblem(error: z.core.$ZodError, known: readonly string[]): string {
  const issue = error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const takes = known.length === 0 ? 'It takes no arguments.' : `It takes ${known.join(', ')}.`;
    return `There is no argument ${oneLine(issue.keys.join(', '))}. ${takes}`;
  }
  const name = issue?.path[0];
  if (issue === undefined || name === undefined) return 'The arguments must be an object.';
  return `${String(name)} ${issue.message}.`;
}

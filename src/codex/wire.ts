/**
 * What we read of the app-server's messages, decoded once here. Only the fields we use are decoded and unknown ones are ignored,
 * so that versions other than the pinned one are understood. `methods.ts` checks the schemas against the generated types.
 */
import * as z from 'zod/mini';

const id = z.string();
const optionalText = z.nullish(z.string());
const optionalNumber = z.nullish(z.number());

const itemSchemas = {
  userMessage: z.object({
    id,
    clientId: optionalText,
    content: z.array(z.looseObject({ type: z.string(), text: z.optional(z.string()) })),
  }),
  agentMessage: z.object({ id, text: z.string() }),
  plan: z.object({ id, text: z.string() }),
  reasoning: z.object({ id, summary: z.array(z.string()), content: z.array(z.string()) }),
  commandExecution: z.object({
    id,
    command: z.string(),
    cwd: z.string(),
    status: z.string(),
    aggregatedOutput: optionalText,
    exitCode: optionalNumber,
    durationMs: optionalNumber,
  }),
  fileChange: z.object({
    id,
    status: z.string(),
    changes: z.array(
      z.object({
        path: z.string(),
        kind: z.object({ type: z.string(), move_path: optionalText }),
        diff: z.string(),
      }),
    ),
  }),
  mcpToolCall: z.object({
    id,
    server: z.string(),
    tool: z.string(),
    status: z.string(),
    arguments: z.optional(z.unknown()),
    result: z.optional(z.unknown()),
    error: z.nullish(z.object({ message: z.string() })),
  }),
  dynamicToolCall: z.object({
    id,
    namespace: optionalText,
    tool: z.string(),
    status: z.string(),
    arguments: z.optional(z.unknown()),
    contentItems: z.optional(z.unknown()),
  }),
  webSearch: z.object({ id, query: z.string() }),
  collabAgentToolCall: z.object({
    id,
    tool: z.string(),
    status: z.string(),
    prompt: optionalText,
    receiverThreadIds: z.optional(z.array(z.string())),
  }),
  subAgentActivity: z.object({ id, kind: z.string(), agentPath: z.string() }),
} as const;

type Schemas = typeof itemSchemas;
export type KnownItemType = keyof Schemas;

/** An item, discriminated by `type`. An item of an unknown type is `other`. */
export type WireItem =
  | { [T in KnownItemType]: { type: T } & z.output<Schemas[T]> }[KnownItemType]
  | { type: 'other'; wireType: string; id: string };

/** The input that {@link decodeItem} accepts for an item of type `T`, for the check against the generated types. */
export type ItemInput<T extends KnownItemType> = z.input<Schemas[T]>;

const anyItem = z.looseObject({ type: z.string(), id });

function isKnown(type: string): type is KnownItemType {
  return Object.hasOwn(itemSchemas, type);
}

/** Never fails on an item with a type and an id. One that it cannot decode becomes `other`. */
const item = z.pipe(
  anyItem,
  z.transform((raw): WireItem => {
    const other = { type: 'other', wireType: raw.type, id: raw.id } as const;
    return isKnown(raw.type) ? (decodeAs(raw.type, raw) ?? other) : other;
  }),
);

function decodeAs(type: KnownItemType, raw: unknown): WireItem | undefined {
  const decoded = itemSchemas[type].safeParse(raw);
  // The schema of `type` produced the data, so they match. The compiler cannot follow that through the table.
  return decoded.success ? ({ type, ...decoded.data } as WireItem) : undefined;
}

const turnError = z.object({ message: z.string(), codexErrorInfo: z.optional(z.unknown()) });

const turn = z.object({
  id,
  status: z.string(),
  error: z.nullish(turnError),
  items: z.array(item),
  /** Unix time in seconds. */
  startedAt: optionalNumber,
  /** Unix time in seconds. Null for a turn that was cut off, or that runs in another process. */
  completedAt: optionalNumber,
  durationMs: optionalNumber,
});
export type WireTurn = z.output<typeof turn>;

const rateLimitWindow = z.nullish(
  z.object({ usedPercent: z.number(), windowDurationMins: optionalNumber, resetsAt: optionalNumber }),
);
const ofTurn = { threadId: z.string(), turnId: z.string() };
const delta = z.object({ ...ofTurn, itemId: z.string(), delta: z.string() });
const tokens = z.object({ totalTokens: z.number() });

/** The notifications that we listen to. All others are ignored. */
export const notificationSchemas = {
  'turn/started': z.object({ threadId: z.string(), turn }),
  'turn/completed': z.object({ threadId: z.string(), turn }),
  'item/started': z.object({ ...ofTurn, item }),
  'item/completed': z.object({ ...ofTurn, item }),
  'item/agentMessage/delta': delta,
  'item/plan/delta': delta,
  'item/reasoning/summaryTextDelta': delta,
  'item/reasoning/textDelta': delta,
  'item/commandExecution/outputDelta': delta,
  'turn/plan/updated': z.object({
    ...ofTurn,
    plan: z.array(z.object({ step: z.string(), status: z.string() })),
  }),
  'turn/diff/updated': z.object({ ...ofTurn, diff: z.string() }),
  'thread/tokenUsage/updated': z.object({
    ...ofTurn,
    tokenUsage: z.object({ total: tokens, last: tokens, modelContextWindow: optionalNumber }),
  }),
  'account/rateLimits/updated': z.object({
    rateLimits: z.object({ limitId: optionalText, primary: rateLimitWindow, secondary: rateLimitWindow }),
  }),
  error: z.object({ ...ofTurn, error: turnError, willRetry: z.boolean() }),
  'account/login/completed': z.object({ loginId: optionalText, success: z.boolean(), error: optionalText }),
  'mcpServer/startupStatus/updated': z.object({ name: z.string(), status: z.string(), error: optionalText }),
  configWarning: z.object({ summary: z.string(), details: optionalText, path: optionalText }),
  'serverRequest/resolved': z.object({ threadId: z.string(), requestId: z.union([z.string(), z.number()]) }),
} as const;

const model = z.object({
  model: z.string(),
  displayName: z.string(),
  description: z.string(),
  hidden: z.boolean(),
  isDefault: z.boolean(),
  defaultReasoningEffort: z.string(),
  supportedReasoningEfforts: z.array(z.object({ reasoningEffort: z.string(), description: z.string() })),
});
export type WireModel = z.output<typeof model>;

/** The results of our requests. */
export const resultSchemas = {
  initialize: z.object({ userAgent: z.string() }),
  threadOpened: z.object({ thread: z.object({ id }), model: optionalText, reasoningEffort: optionalText }),
  turnStart: z.object({ turn: z.object({ id }) }),
  turnSteer: z.object({ turnId: z.string() }),
  /** An empty result. */
  done: z.object({}),
  terminalsList: z.object({ data: z.array(z.object({ command: z.string() })) }),
  account: z.object({
    account: z.nullish(z.object({ type: z.string(), email: optionalText, planType: optionalText })),
    requiresOpenaiAuth: z.boolean(),
  }),
  loginStarted: z.object({
    type: z.string(),
    loginId: optionalText,
    authUrl: optionalText,
    verificationUrl: optionalText,
    userCode: optionalText,
  }),
  modelList: z.object({ data: z.array(model), nextCursor: optionalText }),
  config: z.object({
    config: z.object({
      model: optionalText,
      model_reasoning_effort: optionalText,
      developer_instructions: optionalText,
      sandbox_workspace_write: z.nullish(
        z.object({
          writable_roots: z.array(z.string()),
          network_access: z.boolean(),
          exclude_tmpdir_env_var: z.boolean(),
          exclude_slash_tmp: z.boolean(),
        }),
      ),
    }),
  }),
  loginCancelled: z.object({ status: z.string() }),
  turnsList: z.object({ data: z.array(turn), nextCursor: optionalText }),
} as const;

const commandStart = z.object({ item: z.object({ type: z.literal('commandExecution') }) });

/** Whether a notification of any thread says that a command starts. */
export function isCommandStart(method: string, params: unknown): boolean {
  return method === 'item/started' && commandStart.safeParse(params).success;
}

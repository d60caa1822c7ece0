/** The protocol between a run and its stand-ins, one JSON text per line. */
import * as z from 'zod/mini';

export const standInOptions = z.object({
  /** For the log. */
  name: z.string(),
  folder: z.string(),
  storageDir: z.string(),
  redisUrl: z.string(),
  codexPath: z.string(),
  codexEnv: z.record(z.string(), z.string()),
  bundles: z.object({ mcp: z.string(), tt: z.string() }),
  agentClis: z.record(z.string(), z.object({ command: z.string() })),
  times: z.object({
    leaseMs: z.number(),
    retryMs: z.number(),
    patienceMs: z.number(),
    answerMs: z.number(),
    replyMs: z.number(),
    limitTickMs: z.number(),
    redis: z.object({ pulseMs: z.number(), silenceMs: z.number(), awayMs: z.number() }),
  }),
});
export type StandInOptions = z.infer<typeof standInOptions>;

const number = z.number();
const agent = z.string();

export const standInRequest = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('send'),
    number,
    agent,
    text: z.string(),
    urgent: z.boolean(),
    kind: z.enum(['task', 'query', 'info']),
  }),
  z.object({ do: z.literal('assign'), number, agent, text: z.string() }),
  z.object({ do: z.literal('spawn'), number, agent, cli: z.optional(z.string()), persistent: z.optional(z.boolean()) }),
  z.object({ do: z.literal('interrupt'), number, agent }),
  z.object({ do: z.literal('pause'), number, agent }),
  z.object({ do: z.literal('resume'), number, agent }),
  z.object({ do: z.literal('restart'), number, agent }),
  z.object({ do: z.literal('runAgain'), number, agent }),
  z.object({ do: z.literal('toggle'), number, agent }),
  z.object({ do: z.literal('takeOver'), number, agent }),
  z.object({ do: z.literal('jumpClock'), number, byMs: z.number() }),
  z.object({ do: z.literal('askCodex'), number }),
  z.object({ do: z.literal('close') }),
]);
export type StandInRequest = z.infer<typeof standInRequest>;

export const standInAnswer = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ closed: z.literal(true) }),
  z.object({ done: z.number() }),
  z.object({ failed: z.number(), reason: z.string() }),
  z.object({ unhandled: z.string() }),
]);

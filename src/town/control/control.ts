/**
 * Commands from a window to the one that owns an agent (`tt:{town}:control:{id}`), and the owner's answer, which is kept for a
 * short while under `tt:{town}:reply:{token}`. Each command carries the agent's epoch, a nonce, and a proof made with the town's
 * key. The owner obeys only proven commands, and each one once (`controlGuard.ts`). The answer is proven with the same key, so
 * nobody else can claim that something was done.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { Emitter } from '../../util/event.ts';
import type { ControlRequest, Delivery } from '../stores/delivery.ts';
import type { TownKeys } from '../keys.ts';
import { Plan } from '../plans/plan.ts';
import type { PlanContext } from '../plans/plans.ts';
import { parseJson } from '../records/records.ts';
import type { TownRedis } from '../redis/connect.ts';
import { isRedisError } from '../redis/errors.ts';
import type { ProvenCommand, TownKey } from './townKey.ts';
import type { WakeSource } from '../live/wake.ts';
import { wellFormedJson } from '../../util/text.ts';

/** How long an answer is kept, in milliseconds: longer than anybody waits for it. */
const REPLY_MS = 60_000;
/** How often to look for the answer if Redis sends no notifications, in milliseconds. */
const LOOK_MS = 500;

const reply = z.union([
  /** `survivors`: processes that should have ended but still run, a line each. */
  z.object({ ok: z.literal(true), survivors: z.optional(z.array(z.string())) }),
  z.object({ ok: z.literal(false), reason: z.string(), message: z.string() }),
]);

export type ControlReply = z.output<typeof reply>;

/** An answer as stored in Redis: its JSON, and the proof by the owner's town key. */
const provenReply = z.object({ answer: z.string(), key: z.string(), proof: z.string() });

/** `gone`: there is no such agent. `silent`: nobody answered in time, so it is unknown whether the command was carried out. */
export type ControlOutcome = ControlReply | 'gone' | 'silent';

export interface ControlCommand {
  action: string;
  fields?: Readonly<Record<string, string>>;
}

export class Control {
  private readonly delivery: Delivery;
  private readonly redis: TownRedis;
  private readonly keys: TownKeys;
  private readonly wake: WakeSource;

  constructor(delivery: Delivery, redis: TownRedis, keys: TownKeys, wake: WakeSource) {
    this.delivery = delivery;
    this.redis = redis;
    this.keys = keys;
    this.wake = wake;
  }

  /**
   * Asks the present owner and waits for its answer. If that owner never reads the command, the next one refuses it.
   * @throws TinytownError `townKeyUnusable`, or with a `RedisErrorReason`
   */
  async ask(agentId: string, command: ControlCommand, key: TownKey, limitMs: number): Promise<ControlOutcome> {
    const { action } = command;
    const token = randomUUID();
    const epoch = (await this.text(this.keys.epoch(agentId))) ?? '';
    const fields = { ...command.fields, epoch, nonce: randomUUID(), reply: token };
    const proof = await key.prove({ town: this.keys.town, agentId, action, fields });
    const plan = controlPlan({ keys: this.keys, agentId }, action, { ...fields, ...proof });
    const told = new Emitter<void>();
    const listening = this.wake.onChange(({ kind, id }) => {
      if (kind === 'reply' && id === token) told.fire();
    });
    const timer = setInterval(() => told.fire(), LOOK_MS);
    try {
      if (!(await this.delivery.apply(plan))) return 'gone';
      const end = performance.now() + limitMs;
      for (;;) {
        const raw = await this.text(this.keys.reply(token));
        const outcome = raw === undefined ? undefined : await this.read(raw, { agentId, token, key });
        if (outcome) return outcome;
        if (performance.now() >= end) return 'silent';
        await next(told);
      }
    } finally {
      clearInterval(timer);
      listening.dispose();
    }
  }

  /** The answer if it is the owner's. An unproven one was written by somebody else; the owner's may still come. */
  private async read(
    raw: string,
    { agentId, token, key }: { agentId: string; token: string; key: TownKey },
  ): Promise<ControlReply | undefined> {
    const stored = provenReply.safeParse(parseJson(raw));
    if (!stored.success) return undefined;
    const { answer, ...proof } = stored.data;
    const check = await key.check(replyCommand(this.keys, agentId, token, answer), proof);
    if (check === 'otherKey') return { ok: false, reason: 'otherTownKey', message: 'Its window has another town key.' };
    const decoded = check === 'right' ? reply.safeParse(parseJson(answer)) : undefined;
    return decoded?.success ? decoded.data : undefined;
  }

  /** The text at a key; undefined if there is none, or if the value has another type. */
  private async text(key: string): Promise<string | undefined> {
    try {
      return (await this.redis.read((client) => client.get(key))) ?? undefined;
    } catch (error) {
      if (isRedisError(error) && error.reason === 'redisFailed') return undefined;
      throw error;
    }
  }
}

/** Puts a command where the agent's owner reads it. */
function controlPlan(
  { keys, agentId }: Pick<PlanContext, 'keys' | 'agentId'>,
  action: string,
  fields: Readonly<Record<string, string>> = {},
): Plan {
  const words = Object.entries({ action, ...fields }).flat();
  return new Plan(keys, agentId).command('XADD', keys.control(agentId), 'MAXLEN', '~', 100, '*', ...words);
}

/** Writes the owner's answer for the asking window. Undefined if none waits for it. @throws TinytownError `townKeyUnusable` */
export async function replyPlan(
  { keys, agentId }: Pick<PlanContext, 'keys' | 'agentId'>,
  { fields: { reply: token } }: ControlRequest,
  answer: ControlReply,
  key: TownKey,
): Promise<Plan | undefined> {
  if (!token) return undefined;
  const text = wellFormedJson(answer);
  const proven = { answer: text, ...(await key.prove(replyCommand(keys, agentId, token, text))) };
  return new Plan(keys, agentId).command('SET', keys.reply(token), JSON.stringify(proven), 'PX', REPLY_MS);
}

/** What the proof of an answer covers. */
function replyCommand({ town }: TownKeys, agentId: string, token: string, answer: string): ProvenCommand {
  return { town, agentId, action: 'reply', fields: { token, answer } };
}

function next(event: Emitter<void>): Promise<void> {
  return new Promise((resolve) => {
    const listening = event.event(() => {
      listening.dispose();
      resolve();
    });
  });
}

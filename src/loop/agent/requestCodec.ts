/** What agents ask, as it stands in Redis for the other windows (`tt:{town}:turn:{id}`, field `requests`). Never an answer. */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import { parseJson } from '../../town/records.ts';
import { startOf, wellFormedJson } from '../../util/text.ts';

const nullableText = z.nullable(z.string());
const nullableNumber = z.nullable(z.number());
const texts = z.array(z.string());

/** A sentence with texts, or with sentences that have texts: deeper is none. */
const plain = z.union([z.string(), z.number(), z.boolean()]);
const simple = z.object({ template: z.string(), fillings: z.array(plain) });
const said = z.union([z.string(), z.object({ template: z.string(), fillings: z.array(z.union([plain, simple])) })]);

const options = z.array(z.object({ value: z.string(), label: z.string() }));

const field = z.intersection(
  z.object({ name: z.string(), title: z.string(), description: nullableText, required: z.boolean() }),
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('text'),
      format: z.nullable(z.enum(['email', 'uri', 'date', 'date-time'])),
      minLength: nullableNumber,
      maxLength: nullableNumber,
      default: nullableText,
    }),
    z.object({
      type: z.literal('number'),
      integer: z.boolean(),
      minimum: nullableNumber,
      maximum: nullableNumber,
      default: nullableNumber,
    }),
    z.object({ type: z.literal('boolean'), default: z.nullable(z.boolean()) }),
    z.object({ type: z.literal('select'), options, default: nullableText }),
    z.object({
      type: z.literal('multiSelect'),
      options,
      minItems: nullableNumber,
      maxItems: nullableNumber,
      default: texts,
    }),
  ]),
);

const head = z.object({
  id: z.string(),
  turnId: nullableText,
  itemId: nullableText,
  askedAt: z.number(),
  subAgent: nullableText,
  choices: z.array(
    z.object({
      id: z.string(),
      label: z.enum(['approve', 'approveForSession', 'approveAlways', 'allowHost', 'blockHost', 'decline', 'cancel']),
      detail: nullableText,
    }),
  ),
});

const body = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('command'),
    command: z.string(),
    cwd: z.string(),
    reason: nullableText,
    input: z.boolean(),
    permissions: z.array(said),
  }),
  z.object({
    kind: z.literal('fileChange'),
    reason: nullableText,
    changes: z.array(z.object({ path: z.string(), change: z.enum(['add', 'delete', 'update']), diff: z.string() })),
  }),
  z.object({ kind: z.literal('permissions'), reason: nullableText, summary: z.array(said) }),
  z.object({
    kind: z.literal('question'),
    blocking: z.boolean(),
    questions: z.array(
      z.object({
        id: z.string(),
        header: z.string(),
        question: z.string(),
        options: z.array(z.object({ label: z.string(), description: z.string() })),
        freeText: z.boolean(),
        secret: z.boolean(),
      }),
    ),
  }),
  z.object({
    kind: z.literal('elicitation'),
    server: z.string(),
    message: z.string(),
    arguments: nullableText,
    form: z.nullable(z.array(field)),
    url: nullableText,
  }),
]);

const request = z.intersection(head, body);

/** Longest text, such as the diff of one file, that other windows see, in characters. */
const DIFF_TEXT = 100_000;

export function encodeRequests(requests: readonly AgentRequest[]): string {
  return wellFormedJson(requests, (_key, value: unknown) =>
    typeof value === 'string' && value.length > DIFF_TEXT ? `${startOf(value, DIFF_TEXT)}\n…` : value,
  );
}

/** What another window wrote; a request that cannot be read is left out: it can be answered where it is asked. */
export function decodeRequests(raw: string): AgentRequest[] {
  const list = z.array(z.unknown()).safeParse(parseJson(raw));
  return (list.success ? list.data : []).flatMap((one): AgentRequest[] => {
    const decoded = request.safeParse(one);
    return decoded.success ? [decoded.data] : [];
  });
}

/** Names a request as other windows see it: an answer holds for what was shown, whoever has written to Redis since. */
export function requestDigest(shown: AgentRequest): string {
  const [seen] = decodeRequests(encodeRequests([shown]));
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex');
}

const answer = z.union([
  z.strictObject({ choice: z.string() }),
  z.strictObject({ answers: z.record(z.string(), texts) }),
  z.strictObject({ form: z.record(z.string(), z.unknown()) }),
]);

/** The answer that another window sent; undefined where it cannot be read. */
export function decodeAnswer(raw: string): z.output<typeof answer> | undefined {
  const decoded = answer.safeParse(parseJson(raw));
  return decoded.success ? decoded.data : undefined;
}

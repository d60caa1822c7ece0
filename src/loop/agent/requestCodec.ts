/** Encodes agents' requests in Redis for other windows (`tt:{town}:turn:{id}`, field `requests`). The field never holds answers. */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { AgentRequest, ChoiceLabel } from '../../runtime/agentRequest.ts';
import { parseJson } from '../../town/records/records.ts';
import { startOf, wellFormedJson } from '../../util/text.ts';

/** The longest list that is shown, more than anybody can read. A view of a longer one would take too long. */
const MOST = 1_000;

function list<S extends z.core.SomeType>(schema: S): z.ZodMiniArray<S> {
  return z.array(schema).check(z.maxLength(MOST));
}

const nullableText = z.nullable(z.string());
const nullableNumber = z.nullable(z.number());
const texts = list(z.string());

/** A sentence is filled with plain values, or with sentences that are filled with plain values. None nests deeper. */
const plain = z.union([z.string(), z.number(), z.boolean()]);
const simple = z.strictObject({ template: z.string(), fillings: list(plain) });
const said = z.union([z.string(), z.strictObject({ template: z.string(), fillings: list(z.union([plain, simple])) })]);

const options = list(z.strictObject({ value: z.string(), label: z.string() }));

const anyField = { name: z.string(), title: z.string(), description: nullableText, required: z.boolean() };
const field = z.discriminatedUnion('type', [
  z.strictObject({
    ...anyField,
    type: z.literal('text'),
    format: z.nullable(z.enum(['email', 'uri', 'date', 'date-time'])),
    minLength: nullableNumber,
    maxLength: nullableNumber,
    default: nullableText,
  }),
  z.strictObject({
    ...anyField,
    type: z.literal('number'),
    integer: z.boolean(),
    minimum: nullableNumber,
    maximum: nullableNumber,
    default: nullableNumber,
  }),
  z.strictObject({ ...anyField, type: z.literal('boolean'), default: z.nullable(z.boolean()) }),
  z.strictObject({ ...anyField, type: z.literal('select'), options, default: nullableText }),
  z.strictObject({
    ...anyField,
    type: z.literal('multiSelect'),
    options,
    minItems: nullableNumber,
    maxItems: nullableNumber,
    default: texts,
  }),
]);

const head = {
  id: z.string(),
  turnId: nullableText,
  itemId: nullableText,
  askedAt: z.number(),
  subAgent: nullableText,
  choices: list(
    z.strictObject({
      id: z.string(),
      label: z.enum(['approve', 'approveForSession', 'approveAlways', 'allowHost', 'blockHost', 'decline', 'cancel']),
      detail: nullableText,
    }),
  ),
};

/** Strict: an unknown part would not be shown, and it could be what makes the request dangerous. */
const request = z.discriminatedUnion('kind', [
  z.strictObject({
    ...head,
    kind: z.literal('command'),
    command: z.string(),
    cwd: z.string(),
    reason: nullableText,
    input: z.boolean(),
    permissions: list(said),
  }),
  z.strictObject({
    ...head,
    kind: z.literal('fileChange'),
    reason: nullableText,
    changes: list(
      z.strictObject({
        path: z.string(),
        change: z.enum(['add', 'delete', 'update']),
        diff: z.string(),
        movedTo: z.exactOptional(z.string()),
      }),
    ),
  }),
  z.strictObject({ ...head, kind: z.literal('permissions'), reason: nullableText, summary: list(said) }),
  z.strictObject({
    ...head,
    kind: z.literal('question'),
    blocking: z.boolean(),
    questions: list(
      z.strictObject({
        id: z.string(),
        header: z.string(),
        question: z.string(),
        options: list(z.strictObject({ label: z.string(), description: z.string() })),
        freeText: z.boolean(),
        secret: z.boolean(),
      }),
    ),
  }),
  z.strictObject({
    ...head,
    kind: z.literal('elicitation'),
    server: z.string(),
    message: z.string(),
    arguments: nullableText,
    form: z.nullable(list(field)),
    url: nullableText,
  }),
]);

/** Longest text, such as the diff of one file, that other windows see, in characters. */
const DIFF_TEXT = 100_000;

/** Longest list of requests that is read, in characters. */
const MOST_TEXT = 16 * 1_048_576;

const refusals: ReadonlySet<ChoiceLabel> = new Set(['decline', 'cancel']);

/** Other windows can decline a request that was cut, but not approve it: only the owner's window shows all of it. */
export function encodeRequests(requests: readonly AgentRequest[]): string {
  return `[${requests.map(encodeRequest).join(',')}]`;
}

function encodeRequest(asked: AgentRequest): string {
  let whole = true;
  const cut = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'string' || value.length <= DIFF_TEXT) return value;
    whole = false;
    return `${startOf(value, DIFF_TEXT)}\n… The window that runs the agent shows the rest.`;
  };
  const all = wellFormedJson(asked, cut);
  if (whole) return all;
  const choices = asked.choices.filter(({ label }) => refusals.has(label));
  return wellFormedJson({ ...asked, choices }, cut);
}

/** Decodes what another window wrote, without requests that cannot be read. That window can still answer those. */
export function decodeRequests(raw: string): AgentRequest[] {
  if (raw.length > MOST_TEXT) return [];
  const all = z.array(z.unknown()).safeParse(parseJson(raw));
  return (all.success ? all.data.slice(0, MOST) : []).flatMap((one): AgentRequest[] => {
    const decoded = request.safeParse(one);
    return decoded.success ? [decoded.data] : [];
  });
}

const digests = new WeakMap<AgentRequest, string>();

/** Identifies a request as other windows see it. An answer counts only for what was shown, whoever wrote to Redis since. */
export function requestDigest(shown: AgentRequest): string {
  const known = digests.get(shown);
  if (known !== undefined) return known;
  const [seen] = decodeRequests(encodeRequests([shown]));
  const digest = createHash('sha256')
    .update(JSON.stringify(seen ?? null))
    .digest('hex');
  digests.set(shown, digest);
  return digest;
}

const answer = z.union([
  z.strictObject({ choice: z.string() }),
  z.strictObject({ answers: z.record(z.string(), texts) }),
  z.strictObject({ form: z.record(z.string(), z.unknown()) }),
]);

/** The answer that another window sent. Undefined if it cannot be read. */
export function decodeAnswer(raw: string): z.output<typeof answer> | undefined {
  const decoded = answer.safeParse(parseJson(raw));
  return decoded.success ? decoded.data : undefined;
}

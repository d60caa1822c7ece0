/** The forms of tool servers: turns their schema into fields, and checks what was filled in. */
import * as z from 'zod/mini';
import { catch as orElse } from 'zod/mini';
import type { ElicitationField } from './agentRequest.ts';

const text = orElse(z.nullish(z.string()), null);
const number = orElse(z.nullish(z.number()), null);
const named = z.object({ const: z.string(), title: text });
const names = z.array(z.string());

const property = z.object({
  type: z.string(),
  title: text,
  description: text,
  format: text,
  minLength: number,
  maxLength: number,
  minimum: number,
  maximum: number,
  minItems: number,
  maxItems: number,
  default: z.optional(z.unknown()),
  enum: z.optional(names),
  enumNames: z.optional(names),
  oneOf: z.optional(z.array(named)),
  items: z.optional(z.object({ enum: z.optional(names), anyOf: z.optional(z.array(named)) })),
});
type Property = z.output<typeof property>;

const schema = z.object({
  properties: z.record(z.string(), property),
  required: orElse(z.optional(names), undefined),
});

const formats = ['email', 'uri', 'date', 'date-time'] as const;

/** The fields of a form, in its order. Undefined if it has something that cannot be shown. */
export function formFields(requested: unknown): ElicitationField[] | undefined {
  const decoded = schema.safeParse(requested);
  if (!decoded.success) return undefined;
  const { properties, required = [] } = decoded.data;
  const fields = Object.entries(properties).map(([name, it]) => field(name, it, required.includes(name)));
  return fields.every((one) => one !== undefined) ? fields : undefined;
}

function field(name: string, it: Property, required: boolean): ElicitationField | undefined {
  const head = { name, title: it.title ?? name, description: it.description ?? null, required };
  switch (it.type) {
    case 'string': {
      const options = it.oneOf
        ? it.oneOf.map(optionOf)
        : it.enum?.map((value, place) => ({ value, label: it.enumNames?.[place] ?? value }));
      const known = typeof it.default === 'string' ? it.default : null;
      if (options) return { ...head, type: 'select', options, default: known };
      const { minLength = null, maxLength = null } = it;
      const format = formats.find((one) => one === it.format) ?? null;
      return { ...head, type: 'text', format, minLength, maxLength, default: known };
    }
    case 'number':
    case 'integer': {
      const { minimum = null, maximum = null } = it;
      const known = typeof it.default === 'number' ? it.default : null;
      return { ...head, type: 'number', integer: it.type === 'integer', minimum, maximum, default: known };
    }
    case 'boolean':
      return { ...head, type: 'boolean', default: typeof it.default === 'boolean' ? it.default : null };
    case 'array': {
      const options =
        it.items?.anyOf?.map(optionOf) ?? it.items?.enum?.map((value) => ({ value, label: value })) ?? undefined;
      if (!options) return undefined;
      const { minItems = null, maxItems = null } = it;
      const known = names.safeParse(it.default);
      return { ...head, type: 'multiSelect', options, minItems, maxItems, default: known.success ? known.data : [] };
    }
    default:
      return undefined;
  }
}

function optionOf({ const: value, title }: z.output<typeof named>): { value: string; label: string } {
  return { value, label: title ?? value };
}

/** What is wrong with a filled-in form, or undefined. */
export function formProblem(
  fields: readonly ElicitationField[],
  form: Readonly<Record<string, unknown>>,
): string | undefined {
  const strange = Object.keys(form).find((name) => !fields.some((one) => one.name === name));
  if (strange !== undefined) return `The form has no field "${strange}".`;
  for (const one of fields) {
    const value = form[one.name];
    if (value === undefined) {
      if (one.required) return `"${one.title}" must be filled in.`;
      continue;
    }
    const problem = valueProblem(one, value);
    if (problem !== undefined) return `"${one.title}" ${problem}.`;
  }
  return undefined;
}

function valueProblem(one: ElicitationField, value: unknown): string | undefined {
  switch (one.type) {
    case 'text':
      if (typeof value !== 'string') return 'must be a text';
      if (one.required && value === '') return 'must be filled in';
      return outside(value.length, one.minLength, one.maxLength, 'characters');
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'must be a number';
      if (one.integer && !Number.isInteger(value)) return 'must be a whole number';
      return outside(value, one.minimum, one.maximum, '');
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be yes or no';
    case 'select':
      return one.options.some((option) => option.value === value) ? undefined : 'must be one of its options';
    case 'multiSelect': {
      const chosen = names.safeParse(value);
      if (!chosen.success) return 'must be a list of its options';
      const known = chosen.data.every((each) => one.options.some((option) => option.value === each));
      return known ? outside(chosen.data.length, one.minItems, one.maxItems, 'options') : 'must be some of its options';
    }
  }
}

function outside(value: number, least: number | null, most: number | null, unit: string): string | undefined {
  const what = unit === '' ? '' : ` ${unit}`;
  if (least !== null && value < least) return `must be at least ${least}${what}`;
  if (most !== null && value > most) return `must be at most ${most}${what}`;
  return undefined;
}

/** The fields of a tool server's form: which input is valid, and which value it stands for. */
import type { ElicitationField } from '../../runtime/agentRequest.ts';
import type { Translate } from '../l10n.ts';

export type TypedField = Extract<ElicitationField, { type: 'text' | 'number' }>;

/** Why `typed` cannot be the field's value. Undefined if it can. An empty text leaves the field out. */
export function fieldProblem(field: TypedField, typed: string, t: Translate): string | undefined {
  if (typed.trim() === '') return field.required ? t('This is required. Press Escape to cancel.') : undefined;
  return field.type === 'number' ? numberProblem(field, Number(typed), t) : textProblem(field, typed, t);
}

/** The value to send. Undefined leaves the field out. Only for input that {@link fieldProblem} accepts. */
export function fieldValue(field: TypedField, typed: string): string | number | undefined {
  if (typed.trim() === '') return undefined;
  return field.type === 'number' ? Number(typed) : typed;
}

/** Why this number of options cannot be picked. Undefined if it can. */
export function pickedProblem(
  field: Extract<ElicitationField, { type: 'multiSelect' }>,
  count: number,
  t: Translate,
): string | undefined {
  if (count === 0 && !field.required) return undefined;
  if (field.minItems !== null && count < field.minItems) return t('Pick at least {0}.', field.minItems);
  if (field.maxItems !== null && count > field.maxItems) return t('Pick at most {0}.', field.maxItems);
  return undefined;
}

function numberProblem(
  { integer, minimum, maximum }: Extract<TypedField, { type: 'number' }>,
  value: number,
  t: Translate,
): string | undefined {
  if (!Number.isFinite(value)) return t('Type a number.');
  if (integer && !Number.isInteger(value)) return t('Type a whole number.');
  if (minimum !== null && value < minimum) return t('The minimum is {0}.', minimum);
  return maximum !== null && value > maximum ? t('The maximum is {0}.', maximum) : undefined;
}

function textProblem(
  { format, minLength, maxLength }: Extract<TypedField, { type: 'text' }>,
  value: string,
  t: Translate,
): string | undefined {
  const length = Array.from(value).length;
  if (minLength !== null && length < minLength) return t('Type at least {0} characters.', minLength);
  if (maxLength !== null && length > maxLength) return t('Type at most {0} characters.', maxLength);
  switch (format) {
    case null:
      return undefined;
    case 'email':
      return /^[^\s@]+@[^\s@]+$/.test(value) ? undefined : t('Type an email address.');
    case 'uri':
      return URL.canParse(value) ? undefined : t('Type an address, for example https://example.com.');
    case 'date':
      return isDate(value) ? undefined : t('Type a date as year-month-day, for example 2026-01-31.');
    case 'date-time':
      return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : t('Type a date and a time, for example 2026-01-31T12:00:00Z.');
  }
}

function isDate(value: string): boolean {
  const date = new Date(`${value}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

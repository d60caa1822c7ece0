/** The arguments that several operations share, each with its error texts. */
import * as z from 'zod/mini';
import { isId } from '../town/keys.ts';
import { MAX_SENT, isTooLong } from '../town/records/sendable.ts';

const MAX_REFERENCE = 200;
const tooLong = `is longer than ${MAX_SENT} characters: put it into a file and name the file`;
const MAX_TAGS = 20;
const MAX_TAG = 64;

/** A text that arrives unchanged. */
export function text(description: string): z.ZodMiniString {
  return z.string('is missing: write it as a text').check(
    z.describe(description),
    z.maxLength(MAX_SENT, tooLong),
    z.refine((value) => !isTooLong(value), tooLong),
    z.regex(/\S/, 'is empty: write a text'),
  );
}

/** A reference to an agent. */
export function agentReference(description: string): z.ZodMiniString {
  return z
    .string('is missing: name an agent')
    .check(
      z.describe(description),
      z.maxLength(MAX_REFERENCE, 'is too long to be the name of an agent'),
      z.regex(/\S/, 'is empty: name an agent'),
    );
}

/** The full id of a task, in lower case. */
export function taskId(description: string) {
  return z.pipe(
    z
      .string('is missing: give the task’s id')
      .check(
        z.describe(description),
        z.refine(isId, 'is not the id of a task: give the full id, as in 123e4567-e89b-42d3-a456-426614174000'),
      ),
    z.transform((id) => id.toLowerCase()),
  );
}

export function flag(description: string): z.ZodMiniOptional<z.ZodMiniBoolean> {
  return z.optional(z.boolean('is neither true nor false').check(z.describe(description)));
}

export const tags = z.optional(
  z
    .array(
      z
        .string('must be a list of words')
        .check(
          z.maxLength(MAX_TAG, `holds one that is longer than ${MAX_TAG} characters`),
          z.regex(/\S/, 'holds one that is empty'),
        ),
      'must be a list of words',
    )
    .check(
      z.describe('Words that say which role the task is for, such as backend, test or docs.'),
      z.maxLength(MAX_TAGS, `are more than ${MAX_TAGS}`),
    ),
);

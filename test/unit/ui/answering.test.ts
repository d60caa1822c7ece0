/** Diffs that are applied to be shown, and fields of forms. */
import assert from 'node:assert/strict';
import type { ElicitationField } from '../../../src/runtime/agentRequest.ts';
import { type TypedField, fieldProblem, fieldValue, pickedProblem } from '../../../src/ui/needs/formFields.ts';
import { applyUnifiedDiff } from '../../../src/ui/unifiedDiff.ts';
import { english } from './support.ts';

describe('a unified diff', () => {
  const text = 'one\ntwo\nthree\nfour\nfive\n';

  it('is applied, in one place or several', () => {
    const diff = '@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n@@ -4,2 +4,3 @@\n four\n five\n+six\n';
    assert.equal(applyUnifiedDiff(text, diff), 'one\nTWO\nthree\nfour\nfive\nsix\n');
    assert.equal(applyUnifiedDiff(text, `--- a/x\n+++ b/x\n${diff}`), 'one\nTWO\nthree\nfour\nfive\nsix\n');
  });

  it('may add to an empty text, start with an insertion, and lack the last line end', () => {
    assert.equal(applyUnifiedDiff('', '@@ -0,0 +1 @@\n+new'), 'new\n');
    assert.equal(applyUnifiedDiff(text, '@@ -1,0 +2,1 @@\n+between\n'), 'one\nbetween\ntwo\nthree\nfour\nfive\n');
    assert.equal(applyUnifiedDiff('a', '@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n'), 'b\n');
  });

  it('is not applied where it does not fit, or is none', () => {
    assert.equal(applyUnifiedDiff(text, '@@ -1,2 +1,1 @@\n one\n-2\n'), undefined);
    assert.equal(applyUnifiedDiff(text, '@@ -90,1 +90,1 @@\n-x\n+y\n'), undefined);
    assert.equal(applyUnifiedDiff(text, '@@ -1,2 +1,2 @@\n one'), undefined);
    assert.equal(applyUnifiedDiff(text, 'no diff at all'), undefined);
  });
});

const base = { name: 'f', title: 'F', description: null, required: true };
const textField = (fields: Partial<Extract<TypedField, { type: 'text' }>>): TypedField => ({
  ...base,
  type: 'text',
  format: null,
  minLength: null,
  maxLength: null,
  default: null,
  ...fields,
});
const numberField = (fields: Partial<Extract<TypedField, { type: 'number' }>>): TypedField => ({
  ...base,
  type: 'number',
  integer: false,
  minimum: null,
  maximum: null,
  default: null,
  ...fields,
});

describe('a form’s field', () => {
  const table: [string, TypedField, good: string[], bad: string[]][] = [
    ['text', textField({ minLength: 2, maxLength: 3 }), ['ab', '🙂🙂🙂'], ['', ' ', 'a', 'abcd']],
    ['e-mail', textField({ format: 'email' }), ['a@b'], ['a', 'a@b@c']],
    ['address', textField({ format: 'uri' }), ['https://x.example/y'], ['x']],
    ['date', textField({ format: 'date' }), ['2026-02-28'], ['2026-02-30', '28.2.2026']],
    ['time', textField({ format: 'date-time' }), ['2026-02-28T10:00:00Z'], ['2026-02-28', 'now']],
    ['number', numberField({ minimum: 1, maximum: 2 }), ['1', '1.5', '2'], ['0', '3', 'x', '']],
    ['whole number', numberField({ integer: true }), ['-7'], ['1.5', '1e999']],
  ];
  for (const [name, field, good, bad] of table) {
    it(`takes a ${name}, and nothing else`, () => {
      for (const typed of good) assert.equal(fieldProblem(field, typed, english), undefined, typed);
      for (const typed of bad) assert.match(fieldProblem(field, typed, english) ?? '', /\.$/, typed);
    });
  }

  it('may be left out where it is not required', () => {
    const field = numberField({ required: false });
    assert.equal(fieldProblem(field, '', english), undefined);
    assert.equal(fieldValue(field, ''), undefined);
    assert.equal(fieldValue(field, ' 4 '), 4);
    assert.equal(fieldValue(textField({}), ' x'), ' x');
  });

  it('takes as many as it may', () => {
    const field: Extract<ElicitationField, { type: 'multiSelect' }> = {
      ...base,
      type: 'multiSelect',
      options: [],
      minItems: 1,
      maxItems: 2,
      default: [],
    };
    assert.equal(pickedProblem(field, 2, english), undefined);
    assert.ok(pickedProblem(field, 0, english));
    assert.ok(pickedProblem(field, 3, english));
    assert.equal(pickedProblem({ ...field, required: false }, 0, english), undefined);
  });
});

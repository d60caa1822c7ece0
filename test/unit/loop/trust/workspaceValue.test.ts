/** The rule about values that a workspace brings, as a table. */
import assert from 'node:assert/strict';
import { type Answer, isLowerLimit, isStricter, workspaceValue } from '../../../../src/loop/trust/workspaceValue.ts';

const sandbox = isStricter(['read-only', 'workspace-write', 'danger-full-access']);
const approvals = isStricter(['untrusted', 'on-request', 'never']);

type Row = [
  user: string | number,
  workspace: string | number | undefined,
  answer: Answer,
  value: string | number,
  refused: string | number | undefined,
];

function check(rows: readonly Row[], narrows: (wanted: never, user: never) => boolean): void {
  for (const [user, workspace, answer, value, refused] of rows) {
    it(`${user}, workspace ${workspace ?? 'says nothing'}, ${answer}: ${value}`, () => {
      const rule = narrows as (wanted: string | number, user: string | number) => boolean;
      assert.deepEqual(
        workspaceValue(user, workspace, rule, () => answer),
        { value, refused },
      );
    });
  }
}

describe('a value of the workspace', () => {
  describe('for the sandbox', () => {
    check(
      [
        ['workspace-write', undefined, 'open', 'workspace-write', undefined],
        ['workspace-write', 'workspace-write', 'open', 'workspace-write', undefined],
        ['workspace-write', 'read-only', 'open', 'read-only', undefined],
        ['workspace-write', 'read-only', 'declined', 'read-only', undefined],
        ['danger-full-access', 'workspace-write', 'open', 'workspace-write', undefined],
        ['workspace-write', 'danger-full-access', 'open', 'workspace-write', 'danger-full-access'],
        ['workspace-write', 'danger-full-access', 'declined', 'workspace-write', 'danger-full-access'],
        ['workspace-write', 'danger-full-access', 'confirmed', 'danger-full-access', undefined],
        ['read-only', 'workspace-write', 'open', 'read-only', 'workspace-write'],
        ['read-only', 'something new', 'open', 'read-only', 'something new'],
      ],
      sandbox,
    );
  });

  describe('for the approval policy', () => {
    check(
      [
        ['on-request', 'untrusted', 'open', 'untrusted', undefined],
        ['never', 'on-request', 'open', 'on-request', undefined],
        ['on-request', 'never', 'open', 'on-request', 'never'],
        ['untrusted', 'on-request', 'open', 'untrusted', 'on-request'],
        ['untrusted', 'on-request', 'confirmed', 'on-request', undefined],
      ],
      approvals,
    );
  });

  describe('for a limit', () => {
    check(
      [
        [10, 3, 'open', 3, undefined],
        [10, 30, 'open', 10, 30],
        [10, 30, 'confirmed', 30, undefined],
        [10, 0, 'open', 10, 0],
        [0, 5, 'open', 5, undefined],
        [0, 0, 'open', 0, undefined],
      ],
      isLowerLimit,
    );
  });
});

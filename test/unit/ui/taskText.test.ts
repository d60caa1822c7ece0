/** Texts of tasks. */
import assert from 'node:assert/strict';
import { linesOf } from '../../../src/ui/tasks/taskText.ts';

describe('tasks from a pasted text', () => {
  it('are its lines, without bullets, numbers and check boxes', () => {
    const text =
      '# Plan\n\n- Mend the roof #house\r\n* [ ] Paint the door\n 3. Sweep the yard\n• [x] Rest\n  \n-5 degrees: heat';
    assert.deepEqual(linesOf(text), [
      '# Plan',
      'Mend the roof #house',
      'Paint the door',
      'Sweep the yard',
      'Rest',
      '-5 degrees: heat',
    ]);
  });
});

/** People and time servers set the wall clock: nothing in this process measures a duration by it. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const src = path.resolve(import.meta.dirname, '../../../src');

/** Who asks for the time of day, and why. */
const mayAsk: Record<string, string> = {
  'codex/serverRequests.ts': 'Codex wants to know it',
  'loop/actions/queueActions.ts': 'is written down',
  'loop/townSession.ts': 'is written down and shown',
  'runtime/asking.ts': 'is shown',
  'town/accessFile.ts': 'compares with the time of a file',
  'town/records/messages.ts': 'is written down',
  'town/stores/supervisorInbox.ts': 'is written down',
  'ui/agents/agentOutput.ts': 'is shown',
  'ui/history/transcriptDocuments.ts': 'is the time of a document',
  'ui/needs/needsView.ts': 'is shown',
  'ui/town/townPicture.ts': 'is shown',
  'util/deadline.ts': 'is bounded by the steady clock',
  'process/processRegistry.ts': 'compares with the time of a file',
};

/** Files that ask for the time of day, from the folder of sources. */
function asking(): string[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const own = files.filter((name) => !name.startsWith(path.join('codex', 'protocol')));
  return own
    .filter((name) => readFileSync(path.join(src, name), 'utf8').includes('Date.now('))
    .map((name) => name.split(path.sep).join('/'));
}

describe('the wall clock', () => {
  it('is asked only by those who have to know the time of day', () => {
    assert.deepEqual(asking().toSorted(), Object.keys(mayAsk).toSorted());
  });

  it('ends no wait: those who wait add to the steady clock', () => {
    for (const name of Object.keys(mayAsk)) {
      const text = readFileSync(path.join(src, name), 'utf8');
      assert.doesNotMatch(text, /(Date|parts)\.now\(\) \+ [\w.]*(Ms|MS)\b/, name);
    }
  });
});

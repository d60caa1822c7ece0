/** What agents ask and write, answered by commands as programs call them: the real codex, a scripted model, a real Redis. */
import assert from 'node:assert/strict';
import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { NeedSummary } from '../../src/ui/api.ts';
import { eventually } from '../support/eventually.ts';
import { type Step, echoScript } from '../support/scriptedModel.ts';
import { taskTool } from '../support/testTown.ts';
import { HostTown, folder, refused, reopen, run } from './town.ts';

const question = {
  id: 'q',
  header: 'Colour',
  question: 'Which colour?',
  options: [
    { label: 'Red', description: 'warm' },
    { label: 'Blue', description: 'cold' },
  ],
};

function exists(name: string): Promise<boolean> {
  return access(path.join(folder(), name)).then(
    () => true,
    () => false,
  );
}

/** Tabs that show requests. */
function openRequests(): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputText && input.uri.scheme === 'tinytown-request');
}

describe('what needs the person', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
    await run('spawnAgent', 'asker');
  });
  after(() => town.end());
  afterEach(async () => {
    town.model.script = echoScript;
    await town.agent('asker', ({ state }) => state === 'idle');
    await eventually(async () => (await town.api.listNeeds()).length === 0, { what: 'nothing that waits' });
  });

  /** The agent's next turn does `step`, then says what came of it. */
  async function ask(step: Step): Promise<void> {
    town.model.script = ({ toolOutputs }) => [toolOutputs.length > 0 ? { text: `It was: ${toolOutputs[0]}` } : step];
    await run('sendMessage', 'asker', 'Ask me');
  }

  function need(kind: NeedSummary['kind']): Promise<NeedSummary> {
    return eventually(
      async () => {
        const needs = await town.api.listNeeds();
        const found = needs.find((one) => one.kind === kind);
        if (found) return found;
        throw new Error(`What waits is ${JSON.stringify(needs)}`);
      },
      { interval: 50 },
    );
  }

  /** What the model was told of its tool's result. */
  async function toolOutput(): Promise<string> {
    const { index } = town.model.requests.at(-1) ?? { index: -1 };
    const { toolOutputs } = await town.model.waitForRequest((it) => it.index >= index && it.toolOutputs.length > 0);
    return toolOutputs[0] ?? '';
  }

  it('is a command to approve, which then runs', async () => {
    let changes = 0;
    const listener = town.api.onDidChangeNeeds(() => (changes += 1));
    await ask({ exec: 'touch approved', escalate: 'May I?' });
    const { id, text, agent, waits } = await need('command');
    assert.match(text, /^touch approved\n\nIn .*\n\nMay I\?$/);
    assert.equal(agent, (await town.api.listAgents())[0]?.id);
    assert.equal(waits, true);
    assert.equal(await exists('approved'), false);
    assert.equal(await run('openRequest', 'asker', id), id);
    const document = vscode.window.activeTextEditor?.document;
    assert.match(document?.getText() ?? '', /^touch approved$/m);
    assert.equal(document?.languageId, 'tinytown-request');
    await refused('cannotNow', 'approveForSession', 'asker', id);
    await refused('requestGone', 'approve', 'asker', 'another');
    await refused('nothingWaits', 'reply', 'asker', 'Hello');
    await refused('badArguments', 'answer', 'asker', id, { odd: true });
    // As the button in the document's title does. The document goes with the question.
    assert.equal(await run('approve', document.uri), id);
    await eventually(() => exists('approved'));
    await eventually(() => openRequests().length === 0);
    await refused('requestGone', 'approve', document.uri);
    await refused('requestGone', 'approve', 'asker', id);
    assert.ok(changes >= 2);
    listener.dispose();
  });

  it('is a change of several files, which is shown whole, and approved from the title of its document', async () => {
    assert.equal(await run('changePermissions', 'asker', 'ask'), 'ask');
    const patch = '*** Begin Patch\n*** Add File: one.txt\n+first\n*** Add File: two.txt\n+second\n*** End Patch';
    await ask({ exec: `apply_patch <<'EOF'\n${patch}\nEOF` });
    const { id } = await need('fileChange');
    await run('openRequest', 'asker', id);
    const document = vscode.window.activeTextEditor?.document;
    for (const part of [/one\.txt/, /first/, /two\.txt/, /second/]) assert.match(document?.getText() ?? '', part);
    assert.equal(await run('approve', document?.uri), id);
    await eventually(async () => (await exists('one.txt')) && (await exists('two.txt')));
    await eventually(() => openRequests().length === 0);
  });

  it('is a change of blanks, which a diff would not mark: it is shown as a text, and approved there', async () => {
    await writeFile(path.join(folder(), 'door.py'), 'if locked:\n    knock()\n    wait()\n');
    const hunk = '*** Update File: door.py\n@@\n if locked:\n     knock()\n-    wait()\n+wait()';
    await ask({ exec: `apply_patch <<'EOF'\n*** Begin Patch\n${hunk}\n*** End Patch\nEOF` });
    const { id } = await need('fileChange');
    await run('openRequest', 'asker', id);
    const [tab] = openRequests();
    assert.ok(tab?.input instanceof vscode.TabInputText);
    const document = vscode.window.activeTextEditor?.document;
    assert.match(document?.getText() ?? '', /^Change .*door\.py\n@@[^\n]*\n {5}knock\(\)\n- {4}wait\(\)\n\+wait\(\)/m);
    assert.equal(await run('approve', document?.uri), id);
    await eventually(() => openRequests().length === 0);
  });

  it('is not approved from a diff that was closed: opened again by the editor, it is empty', async () => {
    await ask({ exec: "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: unseen.txt\n+x\n*** End Patch\nEOF" });
    const { id } = await need('fileChange');
    await run('openRequest', 'asker', id);
    const shown = await eventually(
      () =>
        vscode.workspace.textDocuments.find(
          ({ uri }) => uri.scheme === 'tinytown-request' && uri.path.includes('after'),
        ),
      { what: 'the diff' },
    );
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await eventually(() => shown.isClosed);
    await refused('requestGone', 'approve', shown.uri);
    await run('decline', 'asker');
    assert.equal(await exists('unseen.txt'), false);
  });

  it('is a command to decline, which then does not run', async () => {
    await ask({ exec: 'touch declined', escalate: 'May I?' });
    const { id } = await need('command');
    assert.equal(await run('decline', 'asker'), id);
    assert.match(await toolOutput(), /rejected/);
    assert.equal(await exists('declined'), false);
  });

  it('is a command to decline, with the reason', async () => {
    await ask({ exec: 'touch refused', escalate: 'May I?' });
    const { id } = await need('command');
    const before = town.model.requests.length;
    town.model.script = echoScript;
    await refused('badArguments', 'declineAndSay', 'asker', id, { why: 'x' });
    assert.equal(await run('declineAndSay', 'asker', id, { reason: 'Use the other folder.' }), id);
    // The model must not take another step before it knows the reason.
    const next = await town.model.waitForRequest(({ index }) => index >= before);
    assert.equal(next.userTexts.at(-1), 'Use the other folder.');
    assert.equal(await exists('refused'), false);
  });

  it('is a command with an answer that only the server knows', async () => {
    await ask({ exec: 'touch cancelled', escalate: 'May I?' });
    await need('command');
    await refused('badAnswer', 'answer', 'asker', { choice: 'perhaps' });
    await run('answer', 'asker', { choice: 'cancel' });
    await eventually(async () => (await town.api.listNeeds()).some(({ kind }) => kind === 'held'));
    await run('dismissHeld', 'asker');
    assert.equal(await exists('cancelled'), false);
  });

  it('is a question, with its options', async () => {
    await ask({ tool: { name: 'request_user_input', arguments: { questions: [question] } } });
    const { id, text } = await need('question');
    assert.match(text, /Which colour\?\n {2}• Red: warm/);
    await refused('cannotNow', 'approve', 'asker', id);
    assert.equal(await run('answer', 'asker', id, { answers: { q: ['Blue'] } }), id);
    assert.deepEqual(JSON.parse(await toolOutput()), { answers: { q: { answers: ['Blue'] } } });
  });

  it('is a question whose option is clicked', async () => {
    await ask({ tool: { name: 'request_user_input', arguments: { questions: [question] } } });
    const { id } = await need('question');
    await run('openRequest', 'asker', id);
    const input = openRequests()[0]?.input;
    assert.ok(input instanceof vscode.TabInputText);
    const [, key = ''] = input.uri.path.split('/');
    // What the option's row runs.
    assert.equal(await run('answer', { need: decodeURIComponent(key), option: 'Red' }), id);
    assert.deepEqual(JSON.parse(await toolOutput()), { answers: { q: { answers: ['Red'] } } });
  });

  it('is a message that asks, which is replied to', async () => {
    await ask(taskTool('send', { agent: 'supervisor', text: 'Shall I go on?', kind: 'query' }));
    const { id, text, waits } = await need('message');
    assert.deepEqual([text, waits], ['Shall I go on?', true]);
    town.model.script = echoScript;
    assert.equal(await run('reply', id, 'Yes, go on.'), id);
    const { lastUserText } = await town.model.waitForRequest((it) => it.lastUserText.includes('Yes, go on.'));
    assert.match(lastUserText, /Shall I go on\?/);
    await refused('nothingWaits', 'dismissMessage', id);
  });

  it('is a message that only informs: it does not wait, and can be dismissed', async () => {
    await ask(taskTool('send', { agent: 'supervisor', text: 'All is well.', kind: 'info' }));
    const { id, waits } = await need('message');
    assert.equal(waits, false);
    assert.equal(await run('openRequest', id), id);
    await eventually(() => {
      const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return input instanceof vscode.TabInputWebview && input.viewType.endsWith('markdown.preview');
    });
    assert.equal(await run('dismissMessage', 'asker'), id);
  });

  it('is withdrawn when the town is opened anew, and asked again', async () => {
    await ask({ exec: 'touch again', escalate: 'May I?' });
    const before = await need('command');
    await reopen();
    const after = await eventually(
      async () => {
        const again = await need('command');
        return again.id !== before.id && again;
      },
      { interval: 100 },
    );
    await refused('requestGone', 'approve', 'asker', before.id);
    await run('approve', 'asker', after.id);
    await eventually(() => exists('again'));
  });
});

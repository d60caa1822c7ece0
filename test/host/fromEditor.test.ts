/** What is selected, files and problems, on their way from a real editor to an agent. */
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { eventually } from '../support/eventually.ts';
import { type ModelRequest, gate } from '../support/scriptedModel.ts';
import { HostTown, folder, refused, run } from './town.ts';

describe('from the editor to an agent', () => {
  let town: HostTown;
  let file: string;

  before(async () => {
    town = await HostTown.prepare();
    await mkdir(path.join(folder(), 'lib'), { recursive: true });
    file = path.join(folder(), 'lib', 'lamps.js');
    await writeFile(file, 'const lamps = 1;\nconst lit = `${lamps}`;\nmodule.exports = lit;\n');
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await town.end();
    await rm(path.join(folder(), 'lib'), { recursive: true });
  });

  async function select(from: number, to: number): Promise<vscode.TextEditor> {
    const editor = await vscode.window.showTextDocument(vscode.Uri.file(file));
    editor.selection = new vscode.Selection(from, 0, to, 0);
    return editor;
  }

  function told(text: string): Promise<ModelRequest> {
    return town.model.waitForRequest(({ lastUserText }) => lastUserText.includes(text));
  }

  it('says that there is no town, or nobody in it', async () => {
    await select(0, 2);
    for (const command of ['sendSelection', 'attachFile', 'sendDiagnostics']) {
      assert.match(await refused('noTown', command, 'scout', 'x'), /Add one first/);
    }
    await run('initTown', 'workspace');
    for (const command of ['sendSelection', 'attachFile']) {
      assert.match(await refused('noAgents', command, undefined, 'x'), /Add one first/);
      assert.match(await refused('unknownAgent', command, 'scout', 'x'), /scout/);
    }
  });

  it('goes what is selected, with its place', async () => {
    const id = await run('spawnAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'idle');
    await select(0, 2);
    assert.equal(await run('sendSelection', 'scout', 'What is this for?'), id);
    const { lastUserText } = await told('What is this for?');
    assert.match(
      lastUserText,
      /Lines 1–2 of `lib\/lamps\.js`:\n```javascript\nconst lamps = 1;\nconst lit = `\$\{lamps\}`;\n/,
    );
    await town.agent('scout', ({ state }) => state === 'idle');
  });

  it('goes into the turn that runs', async () => {
    const held = gate();
    town.model.script = async () => [{ text: 'I begin. ' }, { hold: held.opened }, { exec: 'true' }];
    await run('sendMessage', 'scout', 'Take your time');
    await told('Take your time');
    await town.agent('scout', ({ state }) => state === 'working');
    await select(2, 3);
    // The only agent there is, is meant.
    await run('sendSelection', undefined, 'Leave this line alone');
    town.model.script = () => [{ text: 'Fine.' }];
    const { userTexts } = await told('Leave this line alone');
    held.open();
    assert.ok(userTexts.some((text) => text.includes('Take your time')));
    assert.match(userTexts.at(-1) ?? '', /^Leave this line alone/);
    await town.agent('scout', ({ state }) => state === 'idle');
  });

  it('go files and folders by their names', async () => {
    await run('attachFile', 'scout', 'Tidy up', { files: [file, path.join(folder(), 'lib'), '/etc'] });
    const { lastUserText } = await told('Tidy up');
    assert.match(lastUserText, /- `lib\/lamps\.js`\n- `lib` \(a folder\)\n- `\/etc` \(a folder\)/);
    assert.doesNotMatch(lastUserText, /const lamps/);
    await town.agent('scout', ({ state }) => state === 'idle');
    await refused('noFile', 'attachFile', 'scout', 'x', { files: [path.join(folder(), 'none')] });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await refused('noFile', 'attachFile', 'scout', 'x');
    await refused('noSelection', 'sendSelection', 'scout', 'x');
    await refused('noProblems', 'sendDiagnostics', 'scout', 'x');
  });

  it('go problems, as a quick fix offers it', async () => {
    const uri = vscode.Uri.file(file);
    const problems = vscode.languages.createDiagnosticCollection('test');
    const found = new vscode.Diagnostic(new vscode.Range(1, 6, 1, 9), 'The lamp is out.', 0);
    found.source = 'lint';
    found.code = { value: 'no-dark', target: vscode.Uri.parse('https://example.com') };
    problems.set(uri, [found]);
    await select(0, 0);
    try {
      const offered = await eventually(async () => {
        const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
          'vscode.executeCodeActionProvider',
          uri,
          found.range,
        );
        return actions.find(({ title }) => title === 'Ask Agent to Fix…');
      });
      assert.equal(offered.command?.command, 'tinytown.sendDiagnostics');
      await run('sendDiagnostics', 'scout', 'Quickly');
      const { lastUserText } = await told('Quickly');
      assert.match(lastUserText, /in `lib\/lamps\.js`\./);
      assert.match(lastUserText, /line 2, column 7: error lint\(no-dark\): The lamp is out\./);
      await town.agent('scout', ({ state }) => state === 'idle');
    } finally {
      problems.dispose();
    }
  });
});

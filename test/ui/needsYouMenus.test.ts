/**
 * Presses every inline button and every entry of the context menus in Needs You with the mouse, while another row is selected.
 * The last test compares what was pressed with the manifest, so that a new entry must be pressed here, too. What changes nothing
 * comes first, what takes a row away comes last.
 */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { type Step, usageLimit } from '../support/scriptedModelStream.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import type { MadeRecords } from './madeRecords.ts';
import { type PressTown, addFile, askColor, nextBuild, showOnly, startPressTown } from './pressTown.ts';
import type { RowButtons } from './rowPresser.ts';
import { stepByStep } from './uiTown.ts';

const held = 'Interrupted: run again or discard?';
const dead = '1 message failed';

/** What the folder asks for. */
const sandbox = 'Use codex.sandbox: danger-full-access, set by the folder';
const policy = 'Use codex.approvalPolicy: never, set by the folder';

const folderSettings = JSON.stringify({
  'tinytown.codex.sandbox': 'danger-full-access',
  'tinytown.codex.approvalPolicy': 'never',
});

async function makeRecords(made: MadeRecords): Promise<void> {
  // Those that are given work are run by the real Codex; the others stand still.
  for (const name of ['builder', 'painter', 'writer']) await made.agent(name, 'starting');
  await made.agent('keeper', 'paused');
  for (const name of ['p1', 'p2', 'p3', 'p4']) {
    await made.agent(name, 'paused');
    await made.hold(name, `Held of ${name}`);
    await made.fail(name, `Failed of ${name}`);
  }
  for (const name of ['e1', 'e2', 'e3']) await made.agent(name, 'error', { lastError: `No ${name} here` });
  await made.ask('keeper', { type: 'query', question: 'May I sleep?' });
  await made.ask('keeper', { type: 'query', question: 'May I eat?' });
  await made.ask('keeper', { type: 'informational', summary: 'All is well' });
}

describe('the buttons and menus in Needs You', () => {
  let town: PressTown;
  let needs: TreeView;
  /** What the account answers. */
  let account: Step = usageLimit(Math.floor(Date.now() / 1_000) + 7_200);

  before(async () => {
    town = await startPressTown({
      firsts: {
        'Build the house': nextBuild,
        'Paint the door': askColor,
        'Write the menu': addFile('menu.md'),
        'Visit the bank': () => [account],
      },
      makeRecords,
      files: { '.vscode/settings.json': folderSettings },
    });
    needs = town.workbench.view('Needs You');
  });
  after(() => town?.end());
  stepByStep('needs-you-menus', () => [town?.workbench]);

  const gone = (label: string): Promise<void> => needs.item(label).waitFor({ state: 'detached' });
  const row = (label: string, context: string): RowButtons => town.presser.row('Needs You', label, `need;${context}`);

  it('has rows of every kind', async () => {
    await town.workbench.openSidebar();
    await showOnly(town.workbench, 'Needs You');
    // One after the other: each starts a Codex.
    for (const [name, task, label] of [
      ['builder', 'Build the house', 'Run touch b1.txt'],
      ['painter', 'Paint the door', 'Which color?'],
      ['writer', 'Write the menu', 'Add menu.md'],
    ] as const) {
      await town.made.tell(name, task);
      await needs.item(`${name}: ${label}`).waitFor();
    }
    // Another row than those that are pressed.
    await needs.select('To read');
    await town.workbench.screenshots('rows-needs-you');
  });

  const build = (number: number): RowButtons =>
    row(`builder: Run touch b${number}.txt`, 'request;command;approve;decline;declineAndSay;answer;openRequest;');
  /** The next request is there and open: only then it can be approved in its row. */
  const nextIs = (number: number) => async (): Promise<void> => {
    await needs.item(`builder: Run touch b${number}.txt`).waitFor();
    await needs.expand(`builder: Run touch b${number}.txt`);
  };

  it('open, approve and decline a request', async () => {
    await nextIs(1)();
    await build(1).inline('openRequest', { opens: /Run touch b1\.txt/ });
    await build(1).menu('openRequest', { opens: /Run touch b1\.txt/ });
    await build(1).menu('answer', { asks: 'Answer builder' });
    await build(1).menu('showOutput', { output: 'builder' });
    await build(1).menu('steer', { asks: 'Steer builder' });
    await build(1).menu('declineAndSay', { asks: 'Decline and Tell builder Why' });
    await build(1).inline('approve', { until: nextIs(2) });
    await build(2).menu('approve', { until: nextIs(3) });
    await build(3).inline('decline', { until: nextIs(4) });
    await build(4).menu('decline', { until: nextIs(5) });
    await build(5).menu('declineAndSay', {
      asks: 'Decline and Tell builder Why',
      answer: { type: 'Build the house elsewhere' },
      until: async () => {
        await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('elsewhere'));
        await nextIs(1)();
      },
    });
    await build(1).menu('interrupt', { until: () => gone('builder: Run touch b1.txt') });
    // A row offers to approve a change only while its diff is open, too.
    await needs.expand('writer: Add menu.md');
    await needs.select('writer: Add menu.md');
    const change = row('writer: Add menu.md', 'request;fileChange;approve;approveForSession;decline;openRequest;');
    await change.menu('approveForSession', { until: () => gone('writer: Add menu.md') });
  });

  it('answer a question', async () => {
    const question = row('painter: Which color?', 'request;question;answer;openRequest;');
    await question.inline('answer', { asks: 'Color' });
    await question.menu('answer', { asks: 'Color' });
    await question.menu('openRequest', {
      asks: 'Color',
      answer: { pick: 'Green' },
      until: () => gone('painter: Which color?'),
    });
  });

  it('answer messages', async () => {
    const message = 'message;;answer;reply;dismissMessage;openRequest;';
    const sleep = row('keeper: May I sleep?', message);
    await sleep.inline('reply', { asks: 'Reply to keeper' });
    await sleep.menu('reply', { asks: 'Reply to keeper' });
    await sleep.menu('openRequest', { opens: /May I sleep\?/ });
    await sleep.menu('copyText', { copies: 'May I sleep?' });
    await sleep.inline('dismissMessage', { until: () => gone('keeper: May I sleep?') });
    await row('keeper: May I eat?', message).menu('dismissMessage', { until: () => gone('keeper: May I eat?') });
    const reports = town.presser.row('Needs You', 'To read', 'reports;');
    await reports.inline('dismissMessage', { until: () => gone('To read') });
  });

  /** The row is gone, and so many messages wait for the agent. */
  const settled = (name: string, what: string, waiting: number) => async (): Promise<void> => {
    await gone(`${name}: ${what}`);
    await town.made.waiting(name, waiting);
  };

  it('decide about interrupted work and failed messages', async () => {
    const of = (name: string, what: string): RowButtons =>
      row(`${name}: ${what}`, `${what === held ? 'held' : 'dead'};;openRequest;`);
    await of('p1', held).menu('openRequest', { asks: `p1: ${held}` });
    await of('p1', held).menu('showOutput', { output: 'p1' });
    await of('p1', held).inline('runAgain', { until: settled('p1', held, 1) });
    await of('p2', held).inline('dismissHeld', { until: settled('p2', held, 0) });
    await of('p3', held).menu('runAgain', { until: settled('p3', held, 1) });
    await of('p4', held).menu('dismissHeld', { until: settled('p4', held, 0) });
    await of('p1', dead).inline('retryDead', { until: settled('p1', dead, 2) });
    await of('p2', dead).inline('dismissDead', { until: settled('p2', dead, 0) });
    await of('p3', dead).menu('retryDead', { until: settled('p3', dead, 2) });
    await of('p4', dead).menu('dismissDead', { until: settled('p4', dead, 0) });
  });

  const failed = (name: string): RowButtons => row(`${name}: No ${name} here`, 'error;;openRequest;');

  it('bring back agents that have failed', async () => {
    await failed('e1').menu('openRequest', { asks: 'e1: No e1 here' });
    await failed('e1').inline('showOutput', { output: 'e1' });
    await failed('e1').inline('restartAgent', { until: () => gone('e1: No e1 here') });
    await failed('e2').menu('restartAgent', { until: () => gone('e2: No e2 here') });
    await failed('e3').menu('newConversation', { until: () => gone('e3: No e3 here') });
  });

  const refused = (label: string): Promise<void> => needs.description(label).getByText('not allowed').waitFor();

  it('allow and refuse what the folder asks for', async () => {
    const claim = 'claim;;allowHere;dontAllow;openRequest;';
    await row(sandbox, claim).inline('allowHere', { dialog: 'Use this folder’s value of the setting codex.sandbox?' });
    await row(sandbox, claim).menu('allowHere', { dialog: 'Use this folder’s value of the setting codex.sandbox?' });
    await row(sandbox, claim).inline('dontAllow', { until: () => refused(sandbox) });
    await row(policy, claim).menu('dontAllow', { until: () => refused(policy) });
  });

  /** Another request than the first so many has come, and was answered. */
  const refusedAgain = (requests: number) => async (): Promise<void> => {
    await (
      await town.model.waitForRequest(({ index }) => index >= requests)
    ).closed;
  };

  it('go on after the account has refused', async () => {
    const noSignIn = { says: 'needs no sign-in' };
    await town.made.agent('miser', 'starting');
    await town.made.tell('miser', 'Visit the bank');
    const find = async (): Promise<string | undefined> =>
      (await needs.texts()).map((text) => /^Account limit reached until .*? waits?/.exec(text)?.[0]).find(Boolean);
    const label = await eventually(find, { what: 'a limit that is used up' });
    const limit = row(label, 'limit;;openRequest;');
    await town.workbench.screenshots('rows-account');
    await limit.menu('openRequest', { asks: `Codex: ${label}` });
    // Whoever says so has mended something: the account is tried again.
    await limit.menu('signIn', { ...noSignIn, until: refusedAgain(town.model.requests.length) });
    await limit.inline('tryNow', { until: refusedAgain(town.model.requests.length) });
    account = { text: 'Visited.' };
    await limit.menu('tryNow', { until: () => gone(label) });
    account = { error: 401 };
    await town.made.tell('miser', 'Visit the bank again');
    const signIn = row('Sign in to Codex', 'signIn;;openRequest;');
    await needs.item('Sign in to Codex').waitFor();
    await signIn.inline('signIn', { ...noSignIn, until: refusedAgain(town.model.requests.length) });
    account = { text: 'Visited.' };
    await signIn.menu('signIn', { ...noSignIn, until: () => gone('Sign in to Codex') });
  });

  it('are all pressed', () => {
    assert.deepEqual(
      town.presser.left(({ when }) => when.includes('needsYou')),
      [],
    );
  });
});

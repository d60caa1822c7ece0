/** An agent's model and effort, chosen while it lives: the next turn runs on them, in the same conversation. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import type { ModelRequest } from '../../support/scriptedModel.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const effortOf = ({ body }: ModelRequest): unknown => Object(body['reasoning']).effort;

describe('the model of an agent', () => {
  let town: TestTown;
  let session: TownSession;
  let rounds: number;

  beforeEach(async () => {
    town = await startTestTown();
    session = await town.open();
    rounds = 0;
  });

  closesAfterEach(() => town);

  /** The request of the round that this text starts. */
  async function work(text: string): Promise<ModelRequest> {
    await session.actions.sendMessage('thinker', text);
    const request = await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes(text));
    rounds += 1;
    await agentWhen(session, 'thinker', (it) => it.state === 'idle' && it.roundsCompleted === rounds, 'its round over');
    return request;
  }

  it('is another with the next turn, without a new process; and the configured one when that is taken back', async () => {
    const { id } = await session.actions.spawnAgent({ name: 'thinker' });
    assert.equal((await work('one')).body.model, 'scripted');
    const { pid } = session.runner.view(id);
    const thread = session.mirror.agents.get(id)?.runtimeSessionId;
    await session.actions.chooseModel('thinker', { model: 'gpt-5.5', reasoningEffort: 'high' });
    const chosen = await work('two');
    assert.equal(chosen.body.model, 'gpt-5.5');
    assert.equal(effortOf(chosen), 'high');
    assert.equal(chosen.userTexts.length, 2, 'the conversation goes on');
    assert.equal(session.runner.view(id).model, 'gpt-5.5');
    assert.equal(session.runner.view(id).reasoningEffort, 'high');
    await session.actions.chooseModel('thinker', { model: undefined, reasoningEffort: undefined });
    assert.equal((await work('three')).body.model, 'scripted');
    assert.equal(session.runner.view(id).model, 'scripted');
    assert.equal(session.runner.view(id).pid, pid);
    assert.equal(session.mirror.agents.get(id)?.runtimeSessionId, thread);
  });

  it('is what was chosen while the agent had no process, and after a choice was taken back then', async () => {
    await session.actions.spawnAgent({ name: 'thinker' });
    await work('one');
    const sleep = async (): Promise<void> => {
      await session.actions.closeAgent('thinker');
      await agentWhen(session, 'thinker', (it, view) => it.state === 'cold' && view.pid === undefined, 'cold');
    };
    await sleep();
    await session.actions.chooseModel('thinker', { model: 'gpt-5.5', reasoningEffort: 'low' });
    assert.equal((await work('two')).body.model, 'gpt-5.5');
    await sleep();
    await session.actions.chooseModel('thinker', { model: undefined, reasoningEffort: undefined });
    const back = await work('three');
    assert.equal(back.body.model, 'scripted');
    assert.equal(back.userTexts.length, 3);
  });

  it('goes to a one-shot agent by its arguments', async () => {
    const { id } = await session.actions.spawnAgent({ name: 'thinker' });
    await session.actions.setPersistent('thinker', false);
    assert.equal((await work('one')).body.model, 'scripted');
    await eventually(() => session.runner.view(id).mode === 'one-shot');
    await session.actions.chooseModel('thinker', { model: 'gpt-5.5', reasoningEffort: 'medium' });
    const chosen = await work('two');
    assert.equal(chosen.body.model, 'gpt-5.5');
    assert.equal(effortOf(chosen), 'medium');
  });

  it('cannot be chosen for a CLI that is not Codex', async () => {
    await session.actions.spawnAgent({ name: 'thinker', cli: 'gemini' });
    const choice = { model: 'gpt-5.5', reasoningEffort: undefined };
    await assert.rejects(session.actions.chooseModel('thinker', choice), { reason: 'notCodex' });
  });

  it('is one of those that Codex lists', async () => {
    const models = await session.codex.models();
    assert.equal(models.filter(({ isDefault }) => isDefault).length, 1);
    for (const { name, efforts, defaultEffort } of models) {
      assert.ok(name);
      assert.ok(efforts.some(({ effort }) => effort === defaultEffort));
    }
  });
});

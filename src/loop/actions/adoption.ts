/**
 * An agent of `tt` whose loop has ended, or one that lives elsewhere, becomes one that this window runs. Two must never run the
 * same agent.
 */
import { newEvent } from '../../town/events.ts';
import { type Home, awayBecause, homeFields, homeOf, keepsConversation } from '../../town/home.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { RUNTIME_HOST } from '../../town/leases.ts';
import { newMessage } from '../../town/messages.ts';
import { Plan } from '../../town/plan.ts';
import { requestPlan } from '../../town/plans.ts';
import { type AgentRecord, agentFields, isTaskOver } from '../../town/records.ts';
import type { Town } from '../../town/town.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { transitions } from './requests.ts';
import type { SignsOfLife } from '../state/signsOfLife.ts';

/** @throws TinytownError `wrongState` for one of ours, `external` for one whose loop may live */
export async function adopt(
  town: Town,
  agent: AgentRecord,
  { signs, home }: { signs: SignsOfLife; home: Home },
): Promise<void> {
  const { name } = agent;
  if (agent.runtimeHost === RUNTIME_HOST) {
    throw new TinytownError('wrongState', say('{0} is run by this extension already.', name));
  }
  const ended = agent.state === 'stopped' || agent.state === 'error';
  if (!ended && !(await signs.isGone(agent))) throw livesOn(name);
  const { to, event, activity: message } = transitions.restart;
  const fields = {
    rounds_completed: 0,
    last_error: undefined,
    runtime_host: RUNTIME_HOST,
    ...agentFields(homeFields(home)),
  };
  const plan = requestPlan({ keys: town.keys, agentId: agent.id }, { from: agent.state, to, event, message, fields });
  // A sign of life in the meantime is one of a loop that lives.
  if (!ended) plan.whileValue(town.keys.agent(agent.id), 'last_heartbeat', agent.lastHeartbeat);
  if (!(await town.delivery.apply(plan))) throw livesOn(name);
  if (!ended) await goOn(town, agent);
}

/**
 * Moves an agent here that lives elsewhere. Its conversation comes along where the Codex home is the same.
 * @throws TinytownError `wrongState` for one that lives here, `external` for one that a window runs
 */
export async function moveHere(town: Town, agent: AgentRecord, here: Home): Promise<void> {
  const { id, name } = agent;
  const home = homeOf(agent);
  const because = awayBecause(home, here);
  if (!home || !because) throw new TinytownError('wrongState', say('{0} is run by this extension already.', name));
  const runs = (): TinytownError =>
    new TinytownError('external', say('A window on {0} runs {1} now.', home.host, name), {
      hint: 'Close that window, or stop the agent there first.',
    });
  if ((await town.leases.holder(id)) !== undefined) throw runs();
  const record = town.keys.agent(id);
  const message = `Moved here from ${home.folder} on ${home.host}`;
  const plan = new Plan(town.keys, id)
    .whileValue(record, 'home_machine', home.machine)
    .whileValue(record, 'home_folder', home.folder)
    .whileValue(record, 'state', agent.state)
    .agentFields({
      ...agentFields(homeFields(here)),
      ...(!keepsConversation(home, here) && { runtime_session_id: undefined }),
    })
    .activity(`⇥ ${message}`)
    .event(newEvent('agent_resumed', message, { agentId: id }));
  if (!(await town.delivery.apply(plan))) throw runs();
}

/** `tt` takes messages off before it works on them: what assigned the task is gone with its loop. */
async function goOn(town: Town, { id, currentTask }: AgentRecord): Promise<void> {
  const task = currentTask === undefined ? undefined : await town.tasks.get(currentTask);
  if (!task || isTaskOver(task.state)) return;
  await town.inbox.send(newMessage({ type: 'task_assign', taskId: task.id, from: SUPERVISOR_ID, to: id }));
}

function livesOn(name: string): TinytownError {
  const hint = 'Stop it first: two must never run the same agent.';
  return new TinytownError('external', say('{0} is run by tt.', name), { hint });
}

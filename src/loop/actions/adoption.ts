/**
 * Moves an agent to this window: one of `tt` whose loop has ended, or one that lives elsewhere. Two owners must never run the
 * same agent.
 */
import { newEvent } from '../../town/stores/events.ts';
import { type Home, awayBecause, homeFields, homeOf, keepsConversation } from '../../town/records/home.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { RUNTIME_HOST } from '../../town/stores/leases.ts';
import { newMessage } from '../../town/records/messages.ts';
import { Plan } from '../../town/plans/plan.ts';
import { requestPlan } from '../../town/plans/plans.ts';
import { type AgentRecord, agentFields, isTaskOver } from '../../town/records/records.ts';
import type { Town } from '../../town/town.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { transitions } from './requests.ts';
import type { SignsOfLife } from '../state/signsOfLife.ts';

/** @throws TinytownError `wrongState` if the agent is ours already, `external` if its loop may be alive */
export async function adopt(
  town: Town,
  agent: AgentRecord,
  { signs, home }: { signs: SignsOfLife; home: Home },
): Promise<void> {
  const { name } = agent;
  if (agent.runtimeHost === RUNTIME_HOST) {
    throw new TinytownError('wrongState', say('This extension already runs {0}.', name));
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
  // A sign of life in the meantime means that the loop is alive.
  if (!ended) plan.whileValue(town.keys.agent(agent.id), 'last_heartbeat', agent.lastHeartbeat);
  if (!(await town.delivery.apply(plan))) throw livesOn(name);
  if (!ended) await goOn(town, agent);
}

/**
 * Moves an agent here from elsewhere. Its conversation comes along if the Codex home is the same.
 * @throws TinytownError `wrongState` if it lives here, `external` if a window runs it
 */
export async function moveHere(town: Town, agent: AgentRecord, here: Home): Promise<void> {
  const { id, name } = agent;
  const home = homeOf(agent);
  const because = awayBecause(home, here);
  if (!home || !because) throw new TinytownError('wrongState', say('This extension already runs {0}.', name));
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

/** Assigns the task again: `tt` removes a message before it works on it, so the old assignment is lost. */
async function goOn(town: Town, { id, currentTask }: AgentRecord): Promise<void> {
  const task = currentTask === undefined ? undefined : await town.tasks.get(currentTask);
  if (!task || isTaskOver(task.state)) return;
  await town.inbox.send(newMessage({ type: 'task_assign', taskId: task.id, from: SUPERVISOR_ID, to: id }));
}

function livesOn(name: string): TinytownError {
  const hint = 'Stop it first: two must never run the same agent.';
  return new TinytownError('external', say('{0} is run by tt.', name), { hint });
}

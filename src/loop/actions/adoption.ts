/** An agent of `tt` whose loop has ended becomes one that this extension runs. Two must never run the same agent. */
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { RUNTIME_HOST } from '../../town/leases.ts';
import { newMessage } from '../../town/messages.ts';
import { requestPlan } from '../../town/plans.ts';
import { type AgentRecord, isTaskOver } from '../../town/records.ts';
import type { Town } from '../../town/town.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { transitions } from './requests.ts';
import type { SignsOfLife } from '../views/signsOfLife.ts';

/** @throws TinytownError `wrongState` for one of ours, `external` for one whose loop may live */
export async function adopt(town: Town, agent: AgentRecord, signs: SignsOfLife): Promise<void> {
  const { name } = agent;
  if (agent.runtimeHost === RUNTIME_HOST) {
    throw new TinytownError('wrongState', say('{0} is run by this extension already.', name));
  }
  const ended = agent.state === 'stopped' || agent.state === 'error';
  if (!ended && !(await signs.isGone(agent))) throw livesOn(name);
  const { to, event, activity: message } = transitions.restart;
  const fields = { rounds_completed: 0, last_error: undefined, runtime_host: RUNTIME_HOST };
  const plan = requestPlan({ keys: town.keys, agentId: agent.id }, { from: agent.state, to, event, message, fields });
  // A sign of life in the meantime is one of a loop that lives.
  if (!ended) plan.whileValue(town.keys.agent(agent.id), 'last_heartbeat', agent.lastHeartbeat);
  if (!(await town.delivery.apply(plan))) throw livesOn(name);
  if (!ended) await goOn(town, agent);
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

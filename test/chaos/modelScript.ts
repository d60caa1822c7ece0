/** The model of a run. It records concurrent requests and what was delivered in which thread. */
import type { ModelRequest, Script, Step } from '../support/scriptedModel.ts';
import { Random } from '../support/random.ts';

export interface ModelWatch {
  /** How many requests are open now, by agent or by a sub-agent's thread. */
  readonly open: ReadonlyMap<string, number>;
  /** Agents, or sub-agents' threads, with two open requests at once: two processes worked for the same one. */
  readonly overlaps: readonly string[];
  /** Threads of sub-agents that have called the model. */
  readonly children: ReadonlySet<string>;
}

const childText = 'child: help out';
const spawnChild = { name: 'spawn_agent', namespace: 'multi_agent_v1', arguments: { message: childText } };

function isChild({ lastUserText }: ModelRequest): boolean {
  return lastUserText === childText;
}

function workerOf(request: ModelRequest): string {
  const agent = isChild(request) ? undefined : /look after this, agent (\d+)/.exec(request.userTexts.join('\n'))?.[1];
  return agent === undefined ? `thread ${request.threadId}` : `agent ${agent}`;
}

/** Short turns: mostly an answer, often after a command or a pause, sometimes a failure or a sub-agent. */
export function chaosScript(seed: number): { script: Script; watch: ModelWatch } {
  const random = new Random(seed ^ 0x5eed);
  const open = new Map<string, number>();
  const overlaps: string[] = [];
  const children = new Set<string>();
  const script: Script = (request) => {
    const { toolOutputs, closed } = request;
    const worker = workerOf(request);
    if (isChild(request)) children.add(request.threadId);
    const now = (open.get(worker) ?? 0) + 1;
    open.set(worker, now);
    if (now > 1) overlaps.push(worker);
    void closed.then(() => open.set(worker, (open.get(worker) ?? 1) - 1));
    if (random.chance(0.03)) return [{ error: 500, message: 'the model stumbled' }];
    const steps: Step[] = [];
    if (random.chance(0.7)) steps.push({ delay: random.whole(10, 300) });
    if (toolOutputs.length === 0 && !isChild(request) && random.chance(0.05)) steps.push({ tool: spawnChild });
    else if (toolOutputs.length < 3 && random.chance(0.4)) steps.push({ exec: `sleep 0.0${random.whole(1, 9)}` });
    else steps.push({ text: 'done', chunks: 2 });
    return steps;
  };
  return { script, watch: { open, overlaps, children } };
}

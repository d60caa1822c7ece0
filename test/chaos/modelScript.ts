/** What the model says in a run, and what it sees: who talks to it at the same time, and what was delivered in which thread. */
import type { Script, Step } from '../support/scriptedModel.ts';
import { Random } from './random.ts';

export interface ModelWatch {
  /** By thread: how many of its requests are open now. */
  readonly open: ReadonlyMap<string, number>;
  /** Threads that had two open requests at the same moment: two processes at work in one thread. */
  readonly overlaps: readonly string[];
}

/** Short turns: mostly an answer, often after a command or a pause, now and then a failure. */
export function chaosScript(seed: number): { script: Script; watch: ModelWatch } {
  const random = new Random(seed ^ 0x5eed);
  const open = new Map<string, number>();
  const overlaps: string[] = [];
  const script: Script = ({ threadId, toolOutputs, closed }) => {
    const now = (open.get(threadId) ?? 0) + 1;
    open.set(threadId, now);
    if (now > 1) overlaps.push(threadId);
    void closed.then(() => open.set(threadId, (open.get(threadId) ?? 1) - 1));
    if (random.chance(0.03)) return [{ error: 500, message: 'the model stumbled' }];
    const steps: Step[] = [];
    if (random.chance(0.7)) steps.push({ delay: random.whole(10, 300) });
    if (toolOutputs.length < 3 && random.chance(0.4)) steps.push({ exec: `sleep 0.0${random.whole(1, 9)}` });
    else steps.push({ text: 'done', chunks: 2 });
    return steps;
  };
  return { script, watch: { open, overlaps } };
}

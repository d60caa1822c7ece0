/** Asks the window that runs an agent to do something, for a person who waits for the answer. */
import type { Control } from '../../town/control/control.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { TownKey } from '../../town/control/townKey.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';

/** How long the window that runs an agent may take, in milliseconds: longer than a turn or a process takes to end. */
const OWNER_PATIENCE_MS = 20_000;

export type OwnerRequest = 'interrupt' | 'restart' | 'answer' | 'release';

export class AskOwner {
  private readonly control: Control;
  private readonly key: TownKey;
  private readonly patienceMs: number;

  constructor(control: Control, key: TownKey, patienceMs = OWNER_PATIENCE_MS) {
    this.control = control;
    this.key = key;
    this.patienceMs = patienceMs;
  }

  /**
   * Resolves when it is done, with the processes that still run.
   * @throws TinytownError with the owner's own reason, `ownerSilent` if nobody answers, `otherTownKey` if this machine's key is
   * not the owner's, `unknownAgent`, or a `RedisErrorReason`
   */
  async ask(
    agent: AgentRecord,
    action: OwnerRequest,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<{ survivors: string[] }> {
    const outcome = await this.control.ask(agent.id, { action, fields }, this.key, this.patienceMs);
    if (outcome === 'gone') throw new TinytownError('unknownAgent', say('{0} no longer exists.', agent.name));
    if (outcome === 'silent') {
      const seconds = Math.max(1, Math.round(this.patienceMs / 1_000));
      const hint = 'It may have been done anyway. Take Over moves the agent to this window.';
      const text = say('The window that runs {0} has not responded for {1} s.', agent.name, seconds);
      throw new TinytownError('ownerSilent', text, { hint });
    }
    if (!outcome.ok && outcome.reason === 'otherTownKey') {
      const hint = 'Run “Tinytown: Copy Town Key” on the machine that runs it and “Tinytown: Enter Town Key…” here.';
      const text = say(
        'The window that runs {0} refuses commands from this machine, because its town key is different.',
        agent.name,
      );
      throw new TinytownError('otherTownKey', text, { hint });
    }
    if (!outcome.ok) throw new TinytownError(outcome.reason, outcome.message);
    return { survivors: outcome.survivors ?? [] };
  }
}

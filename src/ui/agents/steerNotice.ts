/** Tells the person when what they wanted to steer a turn with has to wait for the next one. */
import * as vscode from 'vscode';
import type { Receipt } from '../../loop/views/receipt.ts';
import type { TownSession } from '../../loop/townSession.ts';
import type { AgentRecord } from '../../town/records.ts';
import { oneLine } from '../../util/text.ts';
import { inform } from '../notify.ts';

const { t } = vscode.l10n;

/** A turn takes a steer, or refuses it, in less; one that another has just refused is not asked again. */
const STEER_MS = 5_000;

/** Follows a steer that was just sent into a turn that runs. Never rejects: its receipt shows the same. */
export async function tellIfQueued(session: TownSession, agent: AgentRecord, messageId: string): Promise<void> {
  const name = oneLine(agent.name, 64);
  const runs = (): boolean => session.mirror.agents.get(agent.id)?.state === 'working';
  const view = session.crew.view(agent.id);
  if (view.owner === 'external' || !runs()) return;
  if (view.mode === 'one-shot') {
    void inform(t('Your message waits for the next turn: {0} runs one-shot and cannot be steered.', name));
    return;
  }
  try {
    const receipt = await session.receipts.until({ agentId: agent.id, messageId }, isDecided, STEER_MS);
    if (receipt?.state !== 'queued' || !runs()) return;
    void inform(t('Your message waits for the next turn: the running turn of {0} could not be steered.', name));
  } catch {
    // Redis is away, which is said elsewhere.
  }
}

/** Taken by the turn or done with; or put back, which leaves a count of attempts. */
function isDecided(receipt: Receipt | undefined): boolean {
  if (receipt?.state === 'queued') return receipt.attempts !== undefined;
  return receipt?.state !== 'sent';
}

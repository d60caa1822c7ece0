/** Waits for message receipts, as the screens of windows would show them. */
import type { Receipt } from '../../src/loop/state/receipt.ts';
import type { TownSession } from '../../src/loop/townSession.ts';
import { eventually } from './eventually.ts';

/** Waits until the receipt of the message has this state in each of the windows. */
export async function seenAs(
  state: Receipt['state'] | undefined,
  windows: readonly Pick<TownSession, 'receipts'>[],
  agentId: string,
  messageId: string,
): Promise<Receipt | undefined> {
  let found: Receipt | undefined;
  for (const { receipts } of windows) {
    await eventually(() => {
      const all = receipts.of(agentId);
      found = all?.find((one) => one.messageId === messageId);
      if (all && found?.state === state) return true;
      throw new Error(`It is ${found?.state ?? 'gone'}, not ${state ?? 'gone'}.`);
    });
  }
  return found;
}

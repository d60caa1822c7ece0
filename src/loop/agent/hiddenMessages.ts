/**
 * Finds messages that ask for something behind more news than one look reads. News can wait for a long time and every change
 * triggers a look, so this remembers how far it has searched.
 */
import type { Delivery, LookedThrough, Peek, UnreadableMessage, WaitingMessage } from '../../town/stores/delivery.ts';
import { isActionable } from '../../town/records/messageClass.ts';

/** Most reads of one list in one look. The next look continues from there. */
const MOST_READS = 100;

type List = 'urgent' | 'inbox';

export class HiddenMessages {
  private readonly agentId: string;
  private readonly delivery: Pick<Delivery, 'find'>;
  /** How far each list, beyond what a look reads, is known to hold only news. */
  private readonly onlyNews = new Map<List, LookedThrough>();

  constructor(agentId: string, delivery: Pick<Delivery, 'find'>) {
    this.agentId = agentId;
    this.delivery = delivery;
  }

  /**
   * Returns `peek` with what was found behind it.
   * @param all Finds every message that may ask for something. Otherwise finds only the first ones that wake the agent, and
   * only if `peek` has none.
   */
  async addTo(peek: Peek, all: boolean): Promise<Peek> {
    const wakes = ({ message }: WaitingMessage): boolean => asks(message) && !peek.turn.leftWaiting.has(message.id);
    if (!all && [...peek.urgent, ...peek.inbox].some(wakes)) return peek;
    const more = { ...peek };
    for (const list of ['urgent', 'inbox'] as const) {
      const start = peek[list].length + peek.unreadable.filter((one) => one.list === list).length;
      if (peek.lengths[list] <= start) continue;
      const found = await this.search(list, start, all ? undefined : wakes);
      more[list] = [...more[list], ...found.waiting];
      more.unreadable = [...more.unreadable, ...found.unreadable];
    }
    return more;
  }

  /** Searches a list until it finds a `wanted` message. Without `wanted`, finds every message that may ask for something. */
  private async search(
    list: List,
    start: number,
    wanted: ((one: WaitingMessage) => boolean) | undefined,
  ): Promise<{ waiting: WaitingMessage[]; unreadable: UnreadableMessage[] }> {
    const waiting: WaitingMessage[] = [];
    let looked = wanted && this.onlyNews.get(list);
    let onlyNews = wanted !== undefined;
    for (let reads = 0; reads < MOST_READS; reads += 1) {
      const found = await this.delivery.find(this.agentId, list, start, looked);
      const { unreadable } = found;
      waiting.push(...(wanted ? found.waiting.filter(wanted) : found.waiting));
      looked = found.looked;
      // A message that was left waiting may wake the agent later, so its place is searched again.
      onlyNews &&= unreadable.length === 0 && !found.waiting.some(({ message }) => asks(message));
      if (onlyNews) this.onlyNews.set(list, looked);
      if (found.atEnd || unreadable.length > 0 || (wanted && waiting.length > 0)) return { waiting, unreadable };
    }
    return { waiting, unreadable: [] };
  }
}

function asks(message: WaitingMessage['message']): boolean {
  return isActionable(message) || message.type === 'ping';
}

/**
 * Decides how many waiting messages go into one turn. Codex rejects any input of more than {@link INPUT_LIMIT} characters, so
 * a round or a steer, prompt included, is filled up to that limit. The rest waits in order.
 */
import { type WaitingMessage, PEEK_LIMIT } from '../../town/stores/delivery.ts';
import { isActionable } from '../../town/records/messageClass.ts';

/**
 * Most characters of one input: `MAX_USER_INPUT_TEXT_CHARS` of codex-rs, as 0.171 names it in its refusal ("Input exceeds the
 * maximum length of 1048576 characters"). Codex counts code points, which are never more than the UTF-16 units counted here.
 */
export const INPUT_LIMIT = 1_048_576;

export interface Filling {
  /** In their original order. Empty if nothing fits. */
  taken: readonly WaitingMessage[];
  /** The prompt that contains them. */
  text: string;
  /** The first messages, if each is too long on its own. They are never sent. */
  tooLong: readonly WaitingMessage[];
}

/**
 * Fills an input: first with messages that ask for something, in order, then with the others as far as they fit.
 * @param sizeOf A cheap lower bound on a message's characters in the prompt. It avoids rendering what cannot fit.
 * @param render Renders the prompt with some messages. More messages must never make it shorter.
 */
export function fill(
  messages: readonly WaitingMessage[],
  sizeOf: (message: WaitingMessage) => number,
  render: (messages: readonly WaitingMessage[]) => string,
  limit = INPUT_LIMIT,
): Filling {
  const tooLong: WaitingMessage[] = [];
  const place = new Map(messages.map((message, index) => [message, index]));
  const inPlace = (some: readonly WaitingMessage[]): WaitingMessage[] =>
    some.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  const fits = (some: readonly WaitingMessage[]): boolean => render(inPlace(some)).length <= limit;
  const added = (chosen: readonly WaitingMessage[], candidates: readonly WaitingMessage[]): WaitingMessage[] => {
    const room = limit - chosen.reduce((sum, one) => sum + sizeOf(one), 0);
    const places = PEEK_LIMIT - chosen.length;
    const holdsAll = candidates.length <= places && countWithin(candidates, room, sizeOf, places) === candidates.length;
    if (holdsAll && fits([...chosen, ...candidates])) return [...chosen, ...candidates];
    const fitting = candidates.findIndex((one) => sizeOf(one) <= limit && fits([one]));
    const rest = fitting < 0 ? [] : candidates.slice(fitting);
    tooLong.push(...candidates.slice(0, fitting < 0 ? candidates.length : fitting));
    const most = countWithin(rest, room, sizeOf, places);
    const count = largest(most, (some) => fits([...chosen, ...rest.slice(0, some)]));
    return [...chosen, ...rest.slice(0, count)];
  };
  const actionable = messages.filter(({ message }) => isActionable(message));
  const others = messages.filter(({ message }) => !isActionable(message));
  const taken = inPlace(added(added([], actionable), others));
  return { taken, text: render(taken), tooLong };
}

/** How many leading messages fit into `room` together, `most` at most. */
function countWithin(
  messages: readonly WaitingMessage[],
  room: number,
  sizeOf: (message: WaitingMessage) => number,
  most: number,
): number {
  let left = room;
  const over = messages.findIndex((message) => (left -= sizeOf(message)) < 0);
  return Math.max(0, Math.min(over < 0 ? messages.length : over, most));
}

/** The largest number up to `most` for which `holds` is true. It must be true for 0, and stay false once it is false. */
function largest(most: number, holds: (count: number) => boolean): number {
  if (holds(most)) return most;
  let [low, high] = [0, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

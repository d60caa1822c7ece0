/** What waits for the person at the editor, from all agents and windows: requests and messages. */
import type { AgentRequest, RequestAnswer } from '../../runtime/agentRequest.ts';
import { requestGone } from '../../runtime/asking.ts';
import { answerProblem, asksForSecret } from '../../runtime/requests.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { isActionable } from '../../town/records/messageClass.ts';
import type { Message } from '../../town/records/messages.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { type SettleResult, SupervisorInbox } from '../../town/stores/supervisorInbox.ts';
import type { Town } from '../../town/town.ts';
import { TinytownError } from '../../util/errors.ts';
import { say } from '../../util/sentence.ts';
import { oneLine, wellFormedJson } from '../../util/text.ts';
import type { AskOwner } from './askOwner.ts';
import { checkedText } from './checkedText.ts';
import type { AgentRunner } from '../agentRunner.ts';
import { bodyText } from '../agent/prompt.ts';
import { requestDigest } from '../agent/requestCodec.ts';

/** A message to the person. */
export interface SupervisorMessage {
  id: string;
  from: string;
  fromName: string;
  /** Unix milliseconds. */
  at: number;
  type: Message['type'];
  text: string;
  /** The result of the task, or why it failed, if the message reports it. */
  result: string | undefined;
  /** The task that it is about. */
  taskId: string | undefined;
  /** The sender waits for an answer or an action. */
  asks: boolean;
}

/** Longest part of a message that the answer quotes, in characters. */
const QUOTED = 200;

export class PersonInbox {
  private readonly town: Town;
  private readonly runner: AgentRunner;
  private readonly owner: AskOwner;
  private readonly inbox: SupervisorInbox;
  private readonly find: (ref: string) => Promise<AgentRecord>;

  /** @param find Finds the agent that a reference means; throws if there is none. */
  constructor(town: Town, runner: AgentRunner, owner: AskOwner, find: (ref: string) => Promise<AgentRecord>) {
    this.find = find;
    this.owner = owner;
    this.town = town;
    this.runner = runner;
    this.inbox = new SupervisorInbox(town.delivery, town.keys);
  }

  /**
   * @param shown The request as the person has seen it. Its copy in Redis may have changed since.
   * @throws TinytownError `requestGone` if it was answered or withdrawn meanwhile, `badAnswer` if the answer does not fit,
   * `notWhatWasShown`
   */
  async answerRequest(ref: string, requestId: string, answer: RequestAnswer, shown?: AgentRequest): Promise<void> {
    const agent = await this.find(ref);
    if (this.runner.owns(agent.id)) return this.runner.answer(agent.id, requestId, answer);
    const request = shown ?? this.runner.view(agent.id).requests.find(({ id }) => id === requestId);
    if (!request) throw requestGone();
    const problem = answerProblem(request, answer);
    if (problem !== undefined) throw new TinytownError('badAnswer', problem);
    if ('answers' in answer && asksForSecret(request))
      throw secretElsewhere(agent.name, this.runner.windowOf(agent.id));
    const fields = { request: requestId, shown: requestDigest(request), answer: wellFormedJson(answer) };
    await this.owner.ask(agent, 'answer', fields);
  }

  /** The messages to the person, oldest first. Entries that are no messages are set aside. */
  async supervisorMessages(): Promise<SupervisorMessage[]> {
    const { mirror } = this.town;
    return (await this.inbox.list()).map(({ message }) => ({
      id: message.id,
      from: message.from,
      fromName: message.from === SUPERVISOR_ID ? 'supervisor' : (mirror.agents.get(message.from)?.name ?? message.from),
      at: Date.parse(message.createdAt),
      type: message.type,
      text: this.textOf(message),
      result: resultOf(message),
      taskId: 'taskId' in message ? message.taskId : undefined,
      asks: isActionable(message),
    }));
  }

  /**
   * Answers a message to the person, and takes it off the list. The answer is sent as a task, so that the agent acts on it, and
   * quotes the message.
   * @throws TinytownError `emptyText`, `textTooLong`, `messageGone`, `agentGone`
   */
  async replyTo(messageId: string, text: string): Promise<void> {
    const answer = checkedText(text);
    const asked = (await this.inbox.list()).find(({ message }) => message.id === messageId)?.message;
    const about = asked ? `Answer to what you wrote ("${oneLine(this.textOf(asked), QUOTED)}"):\n\n` : '';
    this.settled(await this.inbox.reply(messageId, { type: 'task', description: about + answer }));
  }

  /** Takes a message to the person off the list. @throws TinytownError `messageGone` */
  async dismissMessage(messageId: string): Promise<void> {
    this.settled(await this.inbox.dismiss(messageId));
  }

  private textOf(message: Message): string {
    return bodyText((id) => this.town.mirror.tasks.get(id.toLowerCase()), message);
  }

  private settled(result: SettleResult): void {
    if (result === 'gone') throw new TinytownError('messageGone', 'The message is gone. It was answered or dismissed.');
    if (result === 'senderGone') {
      const hint = 'Dismiss it, or send a message to another agent.';
      throw new TinytownError('agentGone', 'The agent that wrote this message no longer exists.', { hint });
    }
  }
}

/** @param windowId `host/pid/…`, as leases name a window. */
function secretElsewhere(name: string, windowId: string | undefined): TinytownError {
  const [host, pid] = windowId?.split('/') ?? [];
  const hint = 'Secret answers are not sent through Redis.';
  const message =
    host === undefined || pid === undefined
      ? say('{0} runs in another window: answer this there.', name)
      : say('{0} runs in the window of process {1} on {2}: answer this there.', name, pid, host);
  return new TinytownError('secretElsewhere', message, { hint });
}

function resultOf(message: Message): string | undefined {
  if (message.type === 'task_done') return message.result;
  return message.type === 'task_failed' ? message.error : undefined;
}

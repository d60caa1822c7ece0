/**
 * What people can do to a town. They refer to an agent by its id, name, nickname, or the first four hex digits of its id. Each
 * action succeeds or throws a `TinytownError` that says what to do instead.
 */
import type { RuntimeMode } from '../../runtime/codingAgent.ts';
import { type Home, awayBecause, homeFields, homeOf } from '../../town/records/home.ts';
import { SUPERVISOR_ID } from '../../town/keys.ts';
import { LEASE_MS, RUNTIME_HOST } from '../../town/stores/leases.ts';
import { type MessageKind, messageOfKind } from '../../town/records/messageKinds.ts';
import { type Message, encodeMessage, newMessage } from '../../town/records/messages.ts';
import { resolveAgent } from '../../town/records/names.ts';
import { withProof } from '../../town/control/personsWords.ts';
import { Plan } from '../../town/plans/plan.ts';
import { requestPlan } from '../../town/plans/plans.ts';
import { type AgentRecord, type TaskRecord, mayBeInTurn } from '../../town/records/records.ts';
import type { Town } from '../../town/town.ts';
import { isRedisError } from '../../town/redis/errors.ts';
import type { TownKey } from '../../town/control/townKey.ts';
import { TinytownError, describeError } from '../../util/errors.ts';
import { type Sentence, inEnglish, say } from '../../util/sentence.ts';
import { adopt, moveHere } from './adoption.ts';
import { AskOwner } from './askOwner.ts';
import { type PermissionMode, type Permissions, isWithin } from '../trust/permissionModes.ts';
import { checkedText } from './checkedText.ts';
import type { AgentRunner } from '../agentRunner.ts';
import { PersonInbox } from './personInbox.ts';
import { Leftovers } from './leftovers.ts';
import { type NewAgent, newAgentRecord } from './newAgent.ts';
import { QueueActions } from './queueActions.ts';
import { type StateRequest, transitions } from './requests.ts';
import type { SignsOfLife } from '../state/signsOfLife.ts';
import { TaskActions } from './taskActions.ts';

export interface ActionRules {
  choose: (record: AgentRecord) => { mode: RuntimeMode; reason: Sentence | undefined };
  usesCodex: (record: AgentRecord) => boolean;
  /** Where this window's agents live. */
  home: Home;
  defaultCli(): string;
  /** The last words of a stored conversation. Undefined if it cannot be read. */
  summaryOf?: (agentId: string, threadId: string) => Promise<string | undefined>;
  maxAgents(): number;
  permissions: {
    /** What an agent may do with this choice, or without one. */
    of(mode: PermissionMode | undefined): Permissions;
    chosen(agentId: string): PermissionMode | undefined;
    choose(agentId: string, mode: PermissionMode | undefined): Promise<void>;
  };
  /** Proves to other windows that the user asks. */
  townKey: TownKey;
  /** How long another window may take to answer a request, in milliseconds. For the default see {@link AskOwner}. */
  answerMs?: number | undefined;
}

/** How long an action waits for a Redis that is away, in milliseconds. */
const PATIENCE_MS = 3_000;

const REQUEST_ATTEMPTS = 5;

/** A window that is asked to let go does so at once. If it hangs, its lease runs out before this. */
const TAKE_OVER_MS = LEASE_MS + 5_000;

export class TownActions {
  readonly tasks: TaskActions;
  /** Actions on waiting messages. */
  readonly queue: QueueActions;
  /** Actions on held work, and on messages that were given up. */
  readonly leftovers: Leftovers;
  /** What waits for the person at the editor. */
  readonly personInbox: PersonInbox;
  private readonly town: Town;
  private readonly runner: AgentRunner;
  private readonly signs: SignsOfLife;
  private readonly rules: ActionRules;
  private readonly owner: AskOwner;

  constructor(town: Town, runner: AgentRunner, signs: SignsOfLife, rules: ActionRules) {
    const find = (ref: string): Promise<AgentRecord> => this.find(ref);
    const poke = (agentId: string): void => this.runner.poke(agentId);
    this.tasks = new TaskActions(town, find);
    this.queue = new QueueActions(town, find, poke, rules.townKey);
    this.leftovers = new Leftovers(town, find, poke);
    this.town = town;
    this.runner = runner;
    this.signs = signs;
    this.rules = rules;
    this.owner = new AskOwner(town.control, rules.townKey, rules.answerMs);
    this.personInbox = new PersonInbox(town, runner, this.owner, find);
  }

  /**
   * Creates an agent that this extension runs, and gives it its first task if there is one.
   * @param by `mayWiden`: the user has chosen its permissions in the window. Other callers may only narrow them.
   * @throws TinytownError `nameInvalid`, `tooManyAgents`, `notCodex`, `onlyNarrows`
   */
  async spawnAgent(wanted: NewAgent, by: { mayWiden: boolean } = { mayWiden: false }): Promise<AgentRecord> {
    const text = wanted.task === undefined ? undefined : checkedText(wanted.task);
    const parent = wanted.parent === undefined ? undefined : await this.find(wanted.parent);
    const record = newAgentRecord(wanted, parent, [...this.town.mirror.agents.values()], this.rules);
    Object.assign(record, homeFields(this.rules.home));
    if (wanted.permissions !== undefined) await this.choosePermissions(record, wanted.permissions, by);
    await this.town.agents.create(record);
    if (text !== undefined) await this.town.tasks.assign({ description: text }, record.id, SUPERVISOR_ID);
    return record;
  }

  async assignTask(ref: string, text: string): Promise<TaskRecord> {
    const description = checkedText(text);
    const agent = await this.find(ref);
    return this.town.tasks.assign({ description }, agent.id, SUPERVISOR_ID);
  }

  /** Resolves with the message's id. */
  async sendMessage(
    ref: string,
    text: string,
    { urgent = false, kind = 'task' }: { urgent?: boolean; kind?: MessageKind } = {},
  ): Promise<string> {
    const body = messageOfKind(kind, checkedText(text));
    const agent = await this.find(ref);
    const message = await this.inPersonsWords(newMessage({ ...body, from: SUPERVISOR_ID, to: agent.id }));
    await this.town.inbox.send(message, { urgent });
    return message.id;
  }

  /**
   * Sends a message to every agent that is not stopped, and to `tt:{town}:broadcast`. Resolves with the number of agents.
   * @throws TinytownError `notReached` if it did not reach some of them: names these
   */
  async broadcast(text: string, { kind = 'info' }: { kind?: MessageKind } = {}): Promise<number> {
    const body = messageOfKind(kind, checkedText(text));
    const { agents } = await this.town.agents.list();
    const open = agents.filter(({ state }) => state !== 'stopped');
    const missed: { name: string; why: string }[] = [];
    for (const { id, name } of open) {
      try {
        await this.town.inbox.send(await this.inPersonsWords(newMessage({ ...body, from: SUPERVISOR_ID, to: id })));
      } catch (error) {
        if (isRedisError(error) && error.reason === 'redisUnavailable') throw error;
        missed.push({ name, why: describeError(error) });
      }
    }
    await this.town.inbox.broadcast(newMessage({ ...body, from: SUPERVISOR_ID, to: SUPERVISOR_ID }));
    const [first] = missed;
    if (!first) return open.length;
    const names = missed.map(({ name }) => name).join(', ');
    const message = say(
      'The message reached {0} of {1} agents, but not {2}.',
      open.length - missed.length,
      open.length,
      names,
    );
    throw new TinytownError('notReached', message, { hint: first.why });
  }

  /**
   * Puts a message into the running turn. If none runs, or it cannot be steered, the message starts the next one. Resolves with
   * the message's id.
   */
  async steer(ref: string, text: string): Promise<string> {
    const description = checkedText(text);
    const agent = await this.find(ref);
    const to = agent.id;
    const message = await this.inPersonsWords(
      newMessage({ type: 'task', description, from: SUPERVISOR_ID, to, priority: 'urgent' }),
    );
    await this.town.inbox.send(message, { urgent: true });
    return message.id;
  }

  /**
   * Ends the running turn now. Its messages are held. If another window runs the agent, asks that window and waits for its
   * answer. Resolves with the turn's processes that still run, one line each.
   */
  async interrupt(ref: string): Promise<{ survivors: string[] }> {
    const agent = await this.find(ref);
    this.mustRun(agent);
    if (this.runner.owns(agent.id)) {
      const result = await this.runner.interrupt(agent.id);
      if (result.stopped) return result;
    } else if (mayBeInTurn(agent.state) && (await this.runner.isElsewhere(agent.id))) {
      return this.owner.ask(agent, 'interrupt');
    }
    throw new TinytownError('noActiveTurn', say('{0} has no running turn to interrupt.', agent.name));
  }

  async pauseAgent(ref: string): Promise<void> {
    await this.request(await this.find(ref), 'pause');
  }

  async resumeAgent(ref: string): Promise<void> {
    await this.request(await this.find(ref), 'resume');
  }

  /** Drain: the agent finishes its turn, then its process ends. */
  async closeAgent(ref: string): Promise<void> {
    await this.request(await this.find(ref), 'close');
  }

  /** Ends the turn and the process now. The turn's messages are held. */
  async stopAgent(ref: string): Promise<void> {
    const agent = await this.find(ref);
    if (agent.runtimeHost !== RUNTIME_HOST) await this.town.agents.requestStop(agent.id);
    await this.request(agent, 'stop');
  }

  /** Brings a stopped or failed agent back, or ends a running one's process and continues with a new one. */
  async restartAgent(ref: string): Promise<void> {
    const agent = await this.find(ref);
    this.mustRun(agent);
    if (transitions.restart.from.includes(agent.state)) {
      await this.request(agent, 'restart', { rounds_completed: 0, last_error: undefined });
      this.runner.account.letTry(agent.id);
    } else if (!(await this.runner.restart(agent.id)) && (await this.runner.isElsewhere(agent.id))) {
      await this.owner.ask(agent, 'restart');
    }
    this.runner.poke(agent.id);
  }

  /**
   * Restarts the agents on Codex that are in error, after Codex may have been repaired. A damaged conversation stays damaged:
   * its agent reports the error again.
   */
  async retryFailed(): Promise<void> {
    const failed = [...this.town.mirror.agents.values()].filter(
      (agent) => agent.state === 'error' && this.isOurs(agent) && this.rules.usesCodex(agent),
    );
    for (const agent of failed) {
      // Another window may be faster.
      await this.request(agent, 'restart', { last_error: undefined }).catch(() => undefined);
      this.runner.poke(agent.id);
    }
  }

  /**
   * Replaces the agent's conversation, which may be full, lost, damaged or unwanted, with a new one. Held work continues there,
   * with the agent's last words if they can be read. Resolves with whether they could.
   */
  async newConversation(ref: string): Promise<{ summary: boolean }> {
    const agent = await this.find(ref);
    this.mustRun(agent);
    const { id, name, state, runtimeSessionId } = agent;
    if (state === 'starting' || mayBeInTurn(state)) {
      throw new TinytownError('agentBusy', say('{0} is busy. Interrupt it first.', name));
    }
    const { keys, delivery } = this.town;
    const summary = runtimeSessionId === undefined ? undefined : await this.rules.summaryOf?.(id, runtimeSessionId);
    const plan = new Plan(keys, id)
      .whileValue(keys.agent(id), 'state', state)
      .agentFields({ runtime_session_id: undefined, last_error: undefined })
      .fields(keys.turn(id), { seen: undefined, not_before: undefined })
      .activity('✎ Begins a new conversation');
    if (summary !== undefined) {
      const message = newMessage({ type: 'informational', summary, from: id, to: id });
      plan.command('LPUSH', keys.inbox(id), encodeMessage(message));
    }
    if (!(await delivery.apply(plan))) throw new TinytownError('wrongState', say('{0} has changed. Try again.', name));
    // Restart before there is work: the process still has the old conversation open.
    await this.restartAgent(ref);
    if ((await delivery.held(id)).length > 0) await this.leftovers.runAgain(id);
    return { summary: summary !== undefined };
  }

  /** Lets one of the agents that wait for the account try now. */
  async tryNow(): Promise<void> {
    await this.runner.account.tryNow();
    for (const id of this.town.mirror.agents.keys()) this.runner.poke(id);
  }

  /**
   * Moves an agent to this window: one of `tt` whose loop has ended, or one that lives elsewhere. The agent continues with its
   * task and messages.
   */
  async adoptAgent(ref: string): Promise<void> {
    const agent = await this.find(ref);
    const { home } = this.rules;
    if (agent.runtimeHost === RUNTIME_HOST) await moveHere(this.town, agent, home);
    else await adopt(this.town, agent, { signs: this.signs, home });
    this.runner.poke(agent.id);
  }

  /** Moves an agent from the window that runs it to this one. A turn that runs there continues here. */
  async takeOver(ref: string): Promise<void> {
    const agent = await this.find(ref);
    this.mustRun(agent);
    if (this.runner.owns(agent.id)) {
      throw new TinytownError('wrongState', say('This window already runs {0}.', agent.name));
    }
    this.mustLiveHere(agent);
    if (!(await this.runner.isElsewhere(agent.id))) {
      throw new TinytownError('wrongState', say('No window runs {0}. Send it a message to wake it here.', agent.name));
    }
    const taken = this.runner.takeOver(agent.id, TAKE_OVER_MS);
    // A window that lets go or does not answer loses its lease. A window that refuses says why.
    const refused = this.owner.ask(agent, 'release').then(
      () => taken,
      (error: unknown) => {
        if (error instanceof TinytownError && error.reason === 'otherTownKey') throw error;
        return taken;
      },
    );
    if (await Promise.race([taken, refused])) return;
    const hint = 'Close that window, or try again.';
    throw new TinytownError('notReleased', say('The window that runs {0} has not released it.', agent.name), { hint });
  }

  /** Gives the agent another name. @throws TinytownError `nameInvalid` */
  async renameAgent(ref: string, name: string): Promise<void> {
    const agent = await this.find(ref);
    if (!(await this.town.agents.rename(agent, name.trim()))) {
      throw new TinytownError('unknownAgent', say('{0} is gone.', agent.name));
    }
  }

  /** Deletes the agent with its messages. */
  async removeAgent(ref: string): Promise<void> {
    const agent = await this.find(ref);
    if (agent.state === 'starting' || mayBeInTurn(agent.state)) {
      throw new TinytownError('agentBusy', say('{0} is busy. Stop it first, then delete it.', agent.name));
    }
    await this.town.agents.remove(agent);
    await this.rules.permissions.choose(agent.id, undefined);
  }

  /** Sets the agent's own choice, which takes effect between turns. Resolves with the mode, and why if it is another one. */
  async setPersistent(
    ref: string,
    wanted: boolean | 'toggle',
  ): Promise<{ mode: RuntimeMode; reason: Sentence | undefined }> {
    const agent = await this.find(ref);
    this.mustRun(agent);
    const persistent = wanted === 'toggle' ? this.rules.choose(agent).mode !== 'persistent' : wanted;
    const choice = this.rules.choose({ ...agent, persistent });
    await this.town.agents.setFields(agent.id, { persistent, modeReason: choice.reason && inEnglish(choice.reason) });
    return choice;
  }

  /** @throws TinytownError `notCodex` or `external` if a model cannot be chosen for the agent */
  async mayChooseModel(ref: string): Promise<AgentRecord> {
    const agent = await this.find(ref);
    this.mustRun(agent);
    if (this.rules.usesCodex(agent)) return agent;
    const hint = 'Choose it where that CLI is configured, or in its command in "tinytown.agentClis".';
    const message = say('{0} runs on {1}, which has models of its own.', agent.name, agent.cli);
    throw new TinytownError('notCodex', message, { hint });
  }

  /** Sets the model of the agent's next turns. Undefined takes a choice back. */
  async chooseModel(
    ref: string,
    { model, reasoningEffort }: { model: string | undefined; reasoningEffort: string | undefined },
  ): Promise<void> {
    const agent = await this.mayChooseModel(ref);
    await this.town.agents.setFields(agent.id, { model, reasoningEffort, modelChosen: true });
  }

  /**
   * Sets what the agent may do from its next turn on. Undefined takes a choice back. A running turn is not affected.
   * @param by `mayWiden`: the user has chosen it in the window. Other callers may only narrow it.
   * @throws TinytownError `external`, `livesElsewhere`, `notCodex`, `onlyNarrows`
   */
  async changePermissions(ref: string, mode: PermissionMode | undefined, by: { mayWiden: boolean }): Promise<void> {
    const agent = await this.find(ref);
    this.mustRun(agent);
    this.mustLiveHere(agent);
    await this.choosePermissions(agent, mode, by);
  }

  private async choosePermissions(
    agent: AgentRecord,
    mode: PermissionMode | undefined,
    { mayWiden }: { mayWiden: boolean },
  ): Promise<void> {
    const { permissions, usesCodex } = this.rules;
    if (!usesCodex(agent)) {
      const message = say('{0} runs on {1}, which has no sandbox of ours.', agent.name, agent.cli);
      throw new TinytownError('notCodex', message, { hint: 'Set what it may do in its command.' });
    }
    if (!mayWiden && !isWithin(permissions.of(mode), permissions.of(permissions.chosen(agent.id)))) {
      const message = say('A program can only narrow what {0} may do.', agent.name);
      throw new TinytownError('onlyNarrows', message, {
        hint: 'Run “Tinytown: Change Permissions…” and choose it there.',
      });
    }
    await permissions.choose(agent.id, mode);
  }

  private inPersonsWords(message: Message): Promise<Message> {
    return withProof(message, this.town.keys.town, this.rules.townKey);
  }

  /** Asks for another state. A working agent's state changes on its own, so a change that came too late is tried again. */
  private async request(
    agent: AgentRecord,
    request: StateRequest,
    fields?: Record<string, number | string | undefined>,
  ): Promise<void> {
    const { from, to, event, activity: message } = transitions[request];
    let now = agent;
    for (let attempt = 1; attempt <= REQUEST_ATTEMPTS; attempt += 1) {
      if (!from.includes(now.state)) {
        throw new TinytownError('wrongState', say('{0} is {1}: it cannot become {2} now.', now.name, now.state, to));
      }
      const change = { from: now.state, to, event, message, atOnce: request === 'restart', ...(fields && { fields }) };
      if (await this.town.delivery.apply(requestPlan(this.place(now), change))) return;
      now = await this.find(agent.id);
    }
    throw new TinytownError('wrongState', say('{0} keeps changing. Refresh, then try again.', agent.name));
  }

  private mustRun(agent: AgentRecord): void {
    if (agent.runtimeHost === RUNTIME_HOST) return;
    const hint = 'Use tt in the terminal where it runs, or send it a message.';
    throw new TinytownError('external', say('{0} is run by tt: that cannot be done from here.', agent.name), { hint });
  }

  private mustLiveHere(agent: AgentRecord): void {
    const home = homeOf(agent);
    if (!home || !awayBecause(home, this.rules.home)) return;
    const message = say('{0} lives elsewhere: in {1} on {2}.', agent.name, home.folder, home.host);
    throw new TinytownError('livesElsewhere', message, { hint: 'Adopt it to move it here.' });
  }

  /** Whether a window of this machine may run the agent. */
  private isOurs(agent: AgentRecord): boolean {
    const home = homeOf(agent);
    return agent.runtimeHost === RUNTIME_HOST && !(home && awayBecause(home, this.rules.home));
  }

  private place(agent: AgentRecord): { keys: Town['keys']; agentId: string } {
    return { keys: this.town.keys, agentId: agent.id };
  }

  /**
   * The agent as it is now. Waits out a short loss of Redis, instead of bothering people with it.
   * @throws TinytownError `unknownAgent`, `ambiguousAgent`
   */
  async find(ref: string): Promise<AgentRecord> {
    return await this.town.redis.patiently(() => this.findNow(ref), PATIENCE_MS);
  }

  /** The mirror may be a moment behind. */
  private async findNow(ref: string): Promise<AgentRecord> {
    const known = resolveAgent(ref, this.town.mirror.agents.values());
    const [fresh] = known.ok ? (await this.town.agents.read([known.agent.id])).agents : [];
    if (fresh) return fresh;
    const found = resolveAgent(ref, (await this.town.agents.list()).agents);
    if (found.ok) return found.agent;
    throw new TinytownError(found.reason === 'ambiguous' ? 'ambiguousAgent' : 'unknownAgent', found.message);
  }
}

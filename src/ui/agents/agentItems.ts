/** The agents tree as plain data: the agents, what each one does, and what waits. No editor, no clock, no side effects. */
import type { AgentView } from '../../loop/state/agentView.ts';
import { type AgentRecord, type AgentState, type TaskRecord, mayBeInTurn } from '../../town/records/records.ts';
import { oneLine } from '../../util/text.ts';
import { inWords } from '../../util/sentence.ts';
import { contextFlags, factsOf } from './agentActions.ts';
import { permissionWord } from './permissionWords.ts';
import { agentRows, awayWords } from './agentRows.ts';
import { hasInbox } from './inboxRows.ts';
import { hasMorePast, lastWords } from './pastRows.ts';
import type { Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { finishedAt } from '../readMarks.ts';
import { age } from '../needs/needsYouItems.ts';
import { shownName } from '../shownName.ts';
import { fileName } from '../shownPath.ts';
import { isWatched } from './workRows.ts';
import { accountLimits, elapsed, highContext, limitWords, tokenWords } from './usage.ts';
import { hasSession, modelWords, processWords } from './sessionRows.ts';
import { type TownPicture, type Waiting, sortedAgents, taskOf } from '../town/townPicture.ts';

const stateIcons: Record<AgentState, ItemIcon> = {
  cold: { id: 'circle-large-outline', color: 'disabledForeground' },
  starting: { id: 'loading~spin', color: 'charts.blue' },
  idle: { id: 'circle-large-filled', color: 'charts.green' },
  working: { id: 'sync~spin', color: 'charts.blue' },
  paused: { id: 'debug-pause', color: 'charts.yellow' },
  draining: { id: 'loading~spin', color: 'charts.yellow' },
  stopped: { id: 'debug-stop', color: 'disabledForeground' },
  error: { id: 'error', color: 'problemsErrorIcon.foreground' },
};

function stateWord(state: AgentState, t: Translate): string {
  switch (state) {
    case 'cold':
      return t('asleep');
    case 'starting':
      return t('starting');
    case 'idle':
      return t('idle');
    case 'working':
      return t('working');
    case 'paused':
      return t('paused');
    case 'draining':
      return t('closing');
    case 'stopped':
      return t('stopped');
    case 'error':
      return t('error');
  }
}

/** In a larger town, no agent is expanded at first, because each expanded agent takes up rows. */
const OPEN_LIMIT = 8;

/** Whether an agent has finished, and nobody has looked at its result yet. */
export type IsUnread = (agent: AgentRecord, view: AgentView) => boolean;

/** The roots of the tree. */
export function agentItems(picture: TownPicture, t: Translate, isUnread: IsUnread = () => false): Item[] {
  const items = sortedAgents(picture).map((agent) => agentItem(agent, picture, t, isUnread));
  return picture.problems.length === 0 ? items : [...items, problemsItem(picture.problems, t)];
}

/** The id of an agent's row. */
export function agentRowId(agentId: string): string {
  return `agent/${agentId}`;
}

export function agentItem(
  agent: AgentRecord,
  picture: TownPicture,
  t: Translate,
  isUnread: IsUnread = () => false,
): Item {
  const view = picture.view(agent.id);
  const waiting = picture.waiting(agent.id);
  const name = oneLine(agent.name, 64);
  const task = taskOf(agent, picture);
  const state = shownState(agent, picture, t);
  const finished = waiting.held === 0 && isUnread(agent, view) ? finishedWords(agent, view, picture.now, t) : undefined;
  const startedAt = view.turn?.startedAt ?? picture.work(agent.id)?.startedAt;
  const details = [
    state.runs && startedAt !== undefined ? elapsed(picture.now - startedAt, t) : undefined,
    highContext(view.tokens, t),
    view.away && t('lives elsewhere'),
    // The defaults, a persistent session and the configured model, are not mentioned.
    view.mode === 'one-shot' ? t('one-shot') : undefined,
    agent.model === undefined ? undefined : oneLine(agent.model, 40),
    view.permissions && permissionWord(view.permissions, t),
  ].filter((detail) => detail !== undefined);
  // An unread result comes first, unless something is wrong.
  const said = [state.word, ...details];
  if (finished !== undefined) said.splice(state.calm ? 0 : 1, 0, finished);
  const shown = said.map((part) => (part === finished ? `● ${part}` : part));
  const hasChildren =
    task !== undefined ||
    hasInbox(agent, view, waiting) ||
    isWatched(agent, view) ||
    view.pastTurns.length > 0 ||
    hasMorePast(agent, view, picture.past(agent.id)) ||
    view.requests.length > 0 ||
    view.lastError !== undefined ||
    view.program !== undefined ||
    view.modeReason !== undefined ||
    view.away !== undefined ||
    hasSession(agent, view) ||
    agent.state === 'error';
  const busy = view.turn !== undefined || mayBeInTurn(agent.state) || waiting.held > 0;
  const open = busy && picture.agents.size <= OPEN_LIMIT;
  return {
    id: agentRowId(agent.id),
    label: shownName(agent.name),
    description: [...shown, ...(task ? [oneLine(task.description, 80)] : [])].join(' · '),
    icon: finished !== undefined && state.calm ? { id: 'pass-filled', color: 'charts.blue' } : state.icon,
    contextValue: contextFlags(factsOf(agent, view, waiting), t),
    spoken: spokenAgent({ name, state: said.join(', '), task, waiting }, t),
    collapse: hasChildren ? (open ? 'expanded' : 'collapsed') : 'none',
    agentId: agent.id,
    tooltip: () => agentTooltip(agent, picture, t),
    children: () => agentRows(agent, picture, t),
  };
}

/** For example `finished 5 min ago`. Undefined if the agent has not finished. */
function finishedWords(agent: AgentRecord, view: AgentView, now: number, t: Translate): string | undefined {
  const at = finishedAt(agent, view);
  if (at === undefined) return undefined;
  return now - at < 60_000 ? t('finished just now') : t('finished {0} ago', age(now - at, t));
}

/** `runs`: a turn runs and waits for nobody. `calm`: nothing is wrong, and the agent waits for nobody. */
function shownState(
  agent: AgentRecord,
  picture: TownPicture,
  t: Translate,
): { word: string; icon: ItemIcon; runs: boolean; calm: boolean } {
  const view = picture.view(agent.id);
  const asks = view.requests.length > 0;
  const trouble = troubleOf(agent, view, picture.waiting(agent.id), t);
  const retry = agent.state === 'idle' ? retryWords(view, picture.now, t) : undefined;
  const words = [
    asks ? t('waiting for you') : (retry ?? stateWord(agent.state, t)),
    asks ? undefined : trouble,
    ownerWord(view, t),
  ];
  const icon = asks
    ? { id: 'bell-dot', color: 'problemsWarningIcon.foreground' }
    : trouble === undefined && retry === undefined
      ? stateIcons[agent.state]
      : { id: 'warning', color: 'problemsWarningIcon.foreground' };
  const word = words.filter((it) => it !== undefined).join(', ');
  return {
    word,
    icon,
    runs: agent.state === 'working' && !asks,
    calm: !asks && trouble === undefined && retry === undefined,
  };
}

function retryWords({ retry }: AgentView, now: number, t: Translate): string | undefined {
  if (!retry) return undefined;
  const seconds = Math.max(1, Math.ceil((retry.at - now) / 1_000));
  return t('retrying {0} of {1} in {2} s', retry.attempt, retry.of, seconds);
}

/** A problem that a person should look at, although no request is open. */
function troubleOf(agent: AgentRecord, view: AgentView, waiting: Waiting, t: Translate): string | undefined {
  if (agent.state !== 'working') {
    if (waiting.held > 0) return t('interrupted');
    if (waiting.dead > 0) return t('messages failed');
  }
  if (view.program) return view.program.answer === 'declined' ? t('program not allowed') : t('program needs approval');
  if (view.waitsForRoom) return t('waits for a free slot');
  const waits = waiting.inbox + waiting.urgent > 0;
  if (view.waitsForSignIn && waits) return t('waits for sign-in');
  if (view.usedUp && waits) return t('account limit reached');
  // `silentMs` is set only after minutes of silence.
  const silent = view.silentMs === undefined ? undefined : elapsed(view.silentMs, t);
  if (silent !== undefined) return t('no sign of life for {0}', silent);
  return view.stalled ? t('stalled') : undefined;
}

function ownerWord({ owner }: AgentView, t: Translate): string | undefined {
  switch (owner) {
    case 'external':
      return t('external');
    case 'elsewhere':
      return t('another window');
    case 'here':
    case 'none':
      return undefined;
  }
}

function spokenAgent(
  { name, state, task, waiting }: { name: string; state: string; task: TaskRecord | undefined; waiting: Waiting },
  t: Translate,
): string {
  const parts = [t('Agent {0}', name), state];
  if (task) parts.push(t('task: {0}', oneLine(task.description)));
  const messages = waiting.inbox + waiting.urgent;
  if (messages > 0) parts.push(messages === 1 ? t('1 message waiting') : t('{0} messages waiting', messages));
  return parts.join(', ');
}

function agentTooltip(agent: AgentRecord, picture: TownPicture, t: Translate): string {
  const view = picture.view(agent.id);
  const waiting = picture.waiting(agent.id);
  const none = t('none');
  const modeWord = view.mode === 'persistent' ? t('persistent') : t('one-shot');
  const reason = view.modeReason ? inWords(view.modeReason, t) : agent.modeReason;
  const rows: [string, string | undefined][] = [
    [t('Agent'), agent.nickname ? `${agent.name} (${agent.nickname})` : agent.name],
    [t('State'), stateSentence(agent.state, view, t)],
    [t('Run by'), view.owner === 'external' ? t('tt, in a terminal') : ownerWord(view, t)],
    [t('Home'), view.away && awayWords(view.away, t)],
    [t('Task'), taskOf(agent, picture)?.description],
    [t('Role'), agent.roleId],
    [t('CLI'), agent.cli],
    [t('Model'), modelWords(agent, view)],
    // We do not know the mode in which `tt` runs it.
    [t('Mode'), view.owner === 'external' ? undefined : reason ? `${modeWord} (${reason})` : modeWord],
    [t('Permissions'), view.permissions && permissionWord(view.permissions, t)],
    [t('Thread'), agent.runtimeSessionId],
    [t('Codex'), view.version],
    [t('Process'), processWords(view.pid, picture, agent.id, t)],
    [t('Tasks done'), String(agent.tasksCompleted)],
    [t('Rounds'), String(agent.roundsCompleted)],
    [t('Tokens'), view.tokens && tokenWords(view.tokens, t)],
    ...accountLimits(picture).map((one): [string, string] => [t('Account'), limitWords(one, picture.now, t)]),
    [t('Waiting'), waitingWords(waiting, t) ?? none],
    [t('Last error'), view.lastError === undefined ? agent.lastError : inWords(view.lastError, t)],
  ];
  const lines = rows.flatMap(([name, value]) => (value ? [`${name}: ${oneLine(value, 300)}`] : []));
  return [...lastWork(view, t), lines.join('\n')].join('\n\n');
}

const FILES_NAMED = 5;

/** What the agent last said and changed, one paragraph each. */
function lastWork(view: AgentView, t: Translate): string[] {
  const turn = [view.turn, ...view.pastTurns.toReversed()].find((one) => one && lastWords(one) !== '');
  if (!turn) return [];
  const changes = turn.items.flatMap((item) => (item.kind === 'fileChange' ? item.changes : []));
  const files = [...new Set(changes.map((change) => fileName(change.path)))];
  const named = files.slice(0, FILES_NAMED).join(', ');
  const more = files.length - FILES_NAMED;
  const changed = more > 0 ? t('Changed {0} and {1} more', named, more) : t('Changed {0}', named);
  return [oneLine(lastWords(turn), 300), ...(files.length === 0 ? [] : [oneLine(changed, 300)])];
}

/** The state, with an explanation if its word is not obvious. */
function stateSentence(state: AgentState, { owner }: AgentView, t: Translate): string {
  const word = stateWord(state, t);
  const meanings: Partial<Record<AgentState, string>> = {
    cold: t('no process; the next message wakes it'),
    draining: t('finishes its turn first'),
    paused: t('nothing starts until it is resumed'),
    stopped: t('nothing starts until it is restarted'),
  };
  const meaning = owner === 'external' ? undefined : meanings[state];
  return meaning === undefined ? word : `${word} (${meaning})`;
}

function waitingWords(waiting: Waiting, t: Translate): string | undefined {
  const parts: string[] = [];
  if (waiting.urgent > 0) parts.push(t('{0} urgent', waiting.urgent));
  if (waiting.inbox > 0) parts.push(t('{0} in the inbox', waiting.inbox));
  if (waiting.held > 0) parts.push(t('{0} held', waiting.held));
  if (waiting.dead > 0) parts.push(t('{0} failed', waiting.dead));
  return parts.length > 0 ? parts.join(', ') : undefined;
}

function problemsItem(problems: TownPicture['problems'], t: Translate): Item {
  const label = problems.length === 1 ? t('1 record cannot be read') : t('{0} records cannot be read', problems.length);
  const icon = { id: 'warning', color: 'problemsWarningIcon.foreground' };
  return {
    id: 'problems',
    label,
    description: t('set aside'),
    icon,
    contextValue: 'problems;',
    spoken: label,
    collapse: 'collapsed',
    tooltip: () => t('Another program wrote these records. They were not changed. The rest of the town works.'),
    children: () =>
      problems.map((problem) => ({
        id: `problems/${problem.key}`,
        label: oneLine(problem.key, 200),
        description: oneLine(problem.reason),
        icon,
        contextValue: 'problem;',
        spoken: `${oneLine(problem.key, 200)}: ${oneLine(problem.reason)}`,
        collapse: 'none',
      })),
  };
}

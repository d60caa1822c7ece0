/** The Needs You view as plain data. Text of agents is shown in full and as plain text, never as markup. */
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import { spellHidden, spellOut } from '../../util/hidden.ts';
import { oneLine, stripControls } from '../../util/text.ts';
import { inWords } from '../../util/sentence.ts';
import type { FileChange } from '../../runtime/turnItem.ts';
import { namesOf } from '../changeLook.ts';
import { diffText } from '../history/changes.ts';
import { Command } from '../ids.ts';
import type { Item, ItemIcon } from '../items.ts';
import type { Translate } from '../l10n.ts';
import { shownName } from '../shownName.ts';
import { tooltipText } from '../tooltip.ts';
import { detailItem, detailsOf, setAsideDetails } from './needDetails.ts';
import { claimLabel, claimText } from '../trust/claimWords.ts';
import { type MessageNeed, type Need, asksForMore } from './needs.ts';
import { approvedText, inOneLine, lookAlikeWarning } from './approvedRows.ts';
import { commandLine, rowActionsOf, spelledName } from './seen.ts';

/** With more needs than this, rows are collapsed at first. */
const OPEN_LIMIT = 5;

/** The roots of the view: one row for each waiting need, and one row for all messages to read. */
export function needsYouItems(needs: readonly Need[], look: NeedLook): Item[] {
  const waiting = needs.filter(({ waits }) => waits);
  const open = waiting.length <= OPEN_LIMIT;
  const items = waiting.map((need) => needItem(need, { ...look, open }));
  const declined = needs.filter(({ waits, kind }) => !waits && kind === 'claim').map((need) => needItem(need, look));
  const toRead = needs.filter(({ waits, kind }) => !waits && kind === 'message');
  return [...items, ...(toRead.length === 0 ? [] : [reportsItem(toRead, look)]), ...declined];
}

export interface NeedLook {
  t: Translate;
  /** Unix milliseconds. Undefined for a row below its agent, which shows neither the agent nor the age. */
  now?: number;
  /** The town's folder. Commands that run there do not show their folder. */
  folder?: string | undefined;
  /** Rows are expanded at first. */
  open?: boolean;
  /** Whether the row with this id shows its children now. If not, which is the default, nothing can be approved there. */
  isOpen?: (id: string) => boolean;
  /** Whether an editor shows the full request of this need now. */
  isShown?: (needKey: string) => boolean;
  /** Whether the person has opened the message. */
  isRead?: (messageId: string) => boolean;
  /** Prefix of row ids, if the same need has another row in the tree. */
  prefix?: string;
}

export function needItem(
  need: Need,
  {
    t,
    now,
    folder,
    open = false,
    prefix = '',
    isRead = () => false,
    isOpen = () => false,
    isShown = () => false,
  }: NeedLook,
): Item {
  const what = labelOf(need, t);
  const since = now === undefined || need.kind === 'claim' ? '' : age(now - need.at, t);
  const who = oneLine(need.who, 64);
  const unread = need.kind === 'message' && !need.waits && !isRead(need.message.id);
  // A result comes first, then its task.
  const about = need.kind === 'message' && need.message.result !== undefined ? oneLine(need.task ?? '', 80) : '';
  // A row below its agent does not repeat the name. Account needs are not about one agent.
  const label = now === undefined || isOfAccount(need) || who === '' ? what : `${shownName(need.who)}: ${what}`;
  const id = `${prefix}need/${need.key}`;
  const details =
    need.kind === 'request'
      ? detailsOf(need.request, folder, t)
      : need.kind === 'held' || need.kind === 'dead'
        ? setAsideDetails(need.messages, t)
        : [];
  return {
    id,
    label,
    description:
      need.kind === 'claim' && need.answer === 'declined'
        ? t('not allowed')
        : [about, since].filter(Boolean).join(' · '),
    icon: unread ? { id: 'mail', color: 'charts.blue' } : iconOf(need),
    contextValue: [
      'need',
      need.kind,
      need.kind === 'request' ? need.request.kind : '',
      ...rowActionsOf(need, folder, { rows: isOpen(id), document: isShown(need.key) }, t),
      '',
    ].join(';'),
    spoken: [
      `${unread ? t('Unread message') : spokenKind(need, t)}: ${what}`,
      ...(who === '' ? [] : [t('from {0}', who)]),
      ...[about, since].filter(Boolean),
    ].join(', '),
    collapse: details.length === 0 ? 'none' : open ? 'expanded' : 'collapsed',
    ...(need.agentId === undefined ? {} : { agentId: need.agentId }),
    needKey: need.key,
    runs: { command: Command.openRequest, title: t('Open'), arguments: [{ need: need.key }] },
    copies: () => wholeText(need, t),
    tooltip: () =>
      tooltipText(
        [
          ...(now === undefined || isOfAccount(need) || who === '' ? [] : [t('From {0}', who)]),
          wholeText(need, t),
        ].join('\n\n'),
      ),
    children: () => details.map((detail, index) => detailItem(need, `${id}/${index}`, detail, t)),
  };
}

function reportsItem(needs: readonly Need[], look: NeedLook): Item {
  const { t, isRead = () => false } = look;
  const unread = needs.filter((need) => need.kind === 'message' && !isRead(need.message.id)).length;
  const label = t('To read');
  const words = needs.length === 1 ? t('1 message to read') : t('{0} messages to read', needs.length);
  return {
    id: 'need/reports',
    label,
    description: unread > 0 ? `● ${unread}` : '',
    icon: unread > 0 ? { id: 'inbox', color: 'charts.blue' } : { id: 'inbox' },
    contextValue: 'reports;',
    spoken: [words, unread > 0 ? t('{0} unread', unread) : t('all read')].join(', '),
    collapse: 'collapsed',
    children: () => needs.map((need) => needItem(need, look)),
  };
}

/** The agent, if any, and the need, on one line. */
export function titleOf(need: Need, t: Translate): string {
  const who = oneLine(need.who, 64);
  return who === '' ? labelOf(need, t) : `${who}: ${labelOf(need, t)}`;
}

/** The need on one line. */
export function labelOf(need: Need, t: Translate): string {
  switch (need.kind) {
    case 'request':
      return requestLabel(need.request, t);
    case 'message':
      return messageLabel(need, t);
    case 'held':
      return need.why === undefined
        ? t('Interrupted: run again or discard?')
        : t('Work is held: {0}', oneLine(need.why));
    case 'dead':
      return need.count === 1 ? t('1 message failed') : t('{0} messages failed', need.count);
    case 'error':
      return oneLine(inWords(need.text, t)) || t('The agent stopped with an error');
    case 'signIn':
      return t('Sign in to Codex');
    case 'limit':
      if (need.time === undefined)
        return need.count === 1
          ? t('Account limit reached, 1 agent waits')
          : t('Account limit reached, {0} agents wait', need.count);
      return need.count === 1
        ? t('Account limit reached until {0}, 1 agent waits', need.time)
        : t('Account limit reached until {0}, {1} agents wait', need.time, need.count);
    case 'claim':
      return claimLabel(need.claim, t);
  }
}

function messageLabel({ message: { type, text, result }, task }: MessageNeed, t: Translate): string {
  if (result === undefined) return oneLine(text) || t('(an empty message)');
  const what = oneLine(result) || oneLine(task ?? '');
  if (type === 'task_failed') return what ? t('Failed: {0}', what) : t('Failed');
  return what ? t('Done: {0}', what) : t('Done');
}

/** The request on one line. */
export function requestLabel(request: AgentRequest, t: Translate): string {
  switch (request.kind) {
    case 'command': {
      const command = commandLine(request.command);
      return request.input ? t('Type {0}', command) : t('Run {0}', command);
    }
    case 'fileChange': {
      const [first, ...more] = request.changes;
      if (!first) return oneLine(request.reason ?? '') || t('Change files');
      if (more.length > 0) return t('Change {0} files', request.changes.length);
      return changeHeading(first, namesOf(first).map(spelledName), t);
    }
    case 'permissions':
      return t(
        'Allow: {0}',
        oneLine(spellOut(request.summary.map((line) => inWords(line, t)).join(', '))) || oneLine(request.reason ?? ''),
      );
    case 'question':
      return oneLine(request.questions.map(({ question }) => question).join(' '));
    case 'elicitation':
      return oneLine(spellHidden(request.message)) || t('{0} asks for something', oneLine(request.server, 64));
  }
}

/** Everything to know before answering, as plain text. */
export function wholeText(need: Need, t: Translate): string {
  switch (need.kind) {
    case 'request':
      return requestText(need.request, t);
    case 'message':
      return stripControls([need.message.result ?? need.message.text, need.task].filter(Boolean).join('\n\n'));
    case 'held':
      return need.why === undefined
        ? t('The turn was interrupted. Run its work again or discard it.')
        : [stripControls(need.why), t('It will not run again automatically. Run it again or discard it.')].join('\n\n');
    case 'dead':
      return need.count === 1
        ? t('It failed too many times. Retry or discard it.')
        : t('They failed too many times. Retry or discard them.');
    case 'error':
      return stripControls(inWords(need.text, t)) || t('Restart the agent to continue.');
    case 'claim':
      return claimText(need.claim, t);
    case 'signIn':
      return need.count === 1
        ? t('Codex isn’t signed in. The agent waits and continues once you sign in.')
        : t('Codex isn’t signed in. {0} agents wait and continue once you sign in.', need.count);
    case 'limit':
      if (need.time === undefined)
        return t(
          'Your Codex account has reached its limit. The reset time is unknown. One agent retries from time to time. To continue sooner, try now or sign in with another account.',
        );
      return t(
        'Your Codex account has reached its limit until {0}. Agents then continue automatically. To continue sooner, try now or sign in with another account.',
        need.time,
      );
  }
}

function requestText(request: AgentRequest, t: Translate): string {
  const parts: (string | undefined)[] = [
    request.subAgent === null ? undefined : t('Asked by a sub-agent: {0}', request.subAgent),
  ];
  switch (request.kind) {
    case 'command':
      parts.push(spellOut(request.command), t('In {0}', spellOut(request.cwd)), request.reason ?? undefined);
      parts.push(
        request.permissions.length > 0
          ? t('With: {0}', request.permissions.map((line) => spellOut(inWords(line, t))).join('\n'))
          : undefined,
      );
      break;
    case 'fileChange':
      parts.push(spellOut(request.reason ?? ''), ...request.changes.map((change) => changeText(change, t)));
      break;
    case 'permissions':
      parts.push(request.reason ?? undefined, ...request.summary.map((line) => spellOut(inWords(line, t))));
      break;
    case 'question':
      for (const { question, options } of request.questions) {
        parts.push([question, ...options.map((option) => `  • ${option.label}: ${option.description}`)].join('\n'));
      }
      break;
    case 'elicitation':
      parts.push(t('Asked by the tool server {0}', spellOut(request.server)), spellHidden(request.message));
      parts.push(spellOut(request.arguments ?? ''), spellOut(request.url ?? ''));
  }
  parts.push(lookAlikeWarning(approvedText(request, t), t));
  return parts.flatMap((part) => (part ? [stripControls(part)] : [])).join('\n\n');
}

/** A change's heading and diff. Each line that an agent wrote starts with a diff sign, so it cannot look like a heading. */
export function changeText(change: FileChange, t: Translate): string {
  const heading = changeHeading(change, namesOf(change).map(inOneLine), t);
  return `${heading}\n${diffText({ ...change, diff: spellHidden(change.diff) })}`;
}

function changeHeading({ change }: FileChange, [name = '', newName]: string[], t: Translate): string {
  if (newName !== undefined) return t('Rename {0} to {1}', name, newName);
  const words = { add: t('Add {0}', name), delete: t('Delete {0}', name), update: t('Change {0}', name) };
  return words[change];
}

/** Whether the need is about the account, not one agent. */
function isOfAccount({ kind }: Need): boolean {
  return kind === 'signIn' || kind === 'limit';
}

function iconOf(need: Need): ItemIcon {
  const waits = 'problemsWarningIcon.foreground';
  switch (need.kind) {
    case 'request':
      return { id: requestIcon(need.request), color: waits };
    case 'message':
      return need.waits ? { id: 'mail', color: waits } : { id: 'mail-read' };
    case 'held':
      return { id: 'debug-rerun', color: waits };
    case 'dead':
      return { id: 'warning', color: waits };
    case 'error':
      return { id: 'error', color: 'problemsErrorIcon.foreground' };
    case 'claim':
      return need.waits ? { id: 'shield', color: waits } : { id: 'shield' };
    case 'signIn':
      return { id: 'account', color: waits };
    case 'limit':
      return { id: 'watch', color: waits };
  }
}

function requestIcon(request: AgentRequest): string {
  switch (request.kind) {
    case 'command':
      return 'terminal';
    case 'fileChange':
      return 'diff';
    case 'permissions':
      return 'shield';
    case 'question':
      return 'question';
    case 'elicitation':
      return request.url === null ? 'edit' : 'link-external';
  }
}

function spokenKind(need: Need, t: Translate): string {
  if (need.kind === 'message') return need.waits ? t('Message that asks for an answer') : t('Message');
  if (need.kind === 'request') return asksForMore(need.request) ? t('Question') : t('Approval');
  return t('Needs a decision');
}

/** How long something has waited, in whole units, so that rows are not redrawn every second. */
export function age(milliseconds: number, t: Translate): string {
  const minutes = Math.floor(Math.max(0, milliseconds) / 60_000);
  if (minutes < 1) return t('just now');
  if (minutes < 60) return t('{0} min', minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? t('{0} h', hours) : t('{0} d', Math.floor(hours / 24));
}

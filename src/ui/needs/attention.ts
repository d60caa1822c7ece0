/** Notifies the person of problems that agents cannot solve on their own, without repeating itself. A setting limits it. */
import * as vscode from 'vscode';
import type { TownSession } from '../../loop/townSession.ts';
import { type Disposable, DisposableStore, toDisposable } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command, type CommandId } from '../ids.ts';
import { type Need, actionsOf, asksForMore } from './needs.ts';
import type { NeedsFeed } from './needsFeed.ts';
import type { NeedsView } from './needsView.ts';
import { titleOf } from './needsYouItems.ts';
import { inform, showProblem, warn } from '../notify.ts';
import { problemOf } from '../problems.ts';
import type { TownHost } from '../town/townHost.ts';
import { seenInLabel } from './seen.ts';
import { readNotifications } from '../settings.ts';

const { t } = vscode.l10n;

/** The same sentence is not shown again within this time. */
const QUIET_MS = 30_000;

export function drawAttention(session: TownSession, log: EditorLog): Disposable {
  const store = new DisposableStore();
  const lastShown = new Map<string, number>();
  const nameOf = (agentId: string): string => oneLine(session.mirror.agents.get(agentId)?.name ?? agentId, 64);

  store.add(
    session.runner.onProblem(({ agentId, error }) => {
      const who = agentId === undefined ? '' : `${nameOf(agentId)}: `;
      const text = who + describeError(error);
      log.error(text);
      // The view and the status bar show that Redis is away. Work continues on its own when it is back.
      if (problemOf(error, t).kind === 'redisAway' || readNotifications() === 'none') return;
      const now = performance.now();
      for (const [shown, at] of lastShown) if (now - at > QUIET_MS) lastShown.delete(shown);
      if (lastShown.has(text)) return;
      lastShown.set(text, now);
      showProblem(error, who);
    }),
  );
  let told: string | undefined;
  store.add(
    session.mirror.onDidChange(() => {
      const { trouble } = session.mirror;
      if (trouble?.reason === told) return;
      told = trouble?.reason;
      // The view and the status bar show a Redis that is away. A Redis that is full or a replica needs a person.
      if (trouble && told === 'redisNotWriting' && readNotifications() !== 'none') showProblem(trouble);
    }),
  );
  store.add(
    session.runner.onRuntimeEvent(({ agentId, event }) => {
      if (event.type !== 'turnCompleted' || event.outcome.status !== 'completed') return;
      if (readNotifications() !== 'all') return;
      const show = t('Show Output');
      void inform(t('{0} has finished its turn.', nameOf(agentId)), show).then((answer) =>
        answer ? press(Command.showOutput, agentId) : undefined,
      );
    }),
  );
  return store;
}

/** These are reported where they happen. */
const toldElsewhere: ReadonlySet<Need['kind']> = new Set(['error', 'signIn', 'limit']);

/** Needs that arrive within this time share one notification. */
const GATHER_MS = 400;

/** Announces new needs, with answers as buttons, unless the person can see the Needs You view. */
export function announceNeeds(feed: NeedsFeed, view: NeedsView, host: TownHost): Disposable {
  const arrived = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    const needs = feed.needs.filter(({ key }) => arrived.has(key));
    arrived.clear();
    if (view.visible || readNotifications() === 'none') return;
    const [first, second] = needs;
    if (first && !second) void announce(first, host.ready?.folder);
    else if (first) void announceSeveral(needs.length);
  };
  const listener = feed.onDidChange((came) => {
    for (const { key, kind, waits } of came) if (waits && !toldElsewhere.has(kind)) arrived.add(key);
    if (arrived.size > 0) timer ??= setTimeout(tell, GATHER_MS);
  });
  return toDisposable(() => {
    clearTimeout(timer);
    listener.dispose();
  });
}

async function announceSeveral(count: number): Promise<void> {
  const show = t('Show');
  const answer = await warn(t('{0} things need you.', count), { title: show });
  if (answer) await vscode.commands.executeCommand(Command.nextNeed);
}

async function announce(need: Need, folder: string | undefined): Promise<void> {
  const buttons = buttonsOf(need, folder);
  const button = await warn(titleOf(need, t), ...buttons);
  if (button) await press(button.command, button.target);
}

/** Runs a button's command. If its target is gone by now, the person is told. */
async function press(command: CommandId, target: unknown): Promise<void> {
  try {
    await vscode.commands.executeCommand(command, target);
  } catch (error) {
    showProblem(error);
  }
}

interface AnswerButton extends vscode.MessageItem {
  command: CommandId;
  target: unknown;
}

function buttonsOf(need: Need, folder: string | undefined): AnswerButton[] {
  const button = (command: CommandId, title: string, target: unknown = { need: need.key }): AnswerButton => ({
    title,
    command,
    target,
  });
  switch (need.kind) {
    case 'request': {
      const can = actionsOf(need);
      const buttons = asksForMore(need.request) ? [button(Command.answer, t('Answer…'))] : [];
      const approvable = can.includes('approve') && seenInLabel(need.request, folder, t);
      if (approvable) buttons.push(button(Command.approve, t('Approve')));
      if (can.includes('decline')) buttons.push(button(Command.decline, t('Decline')));
      return asksForMore(need.request) ? buttons : [...buttons, button(Command.openRequest, t('Open Request'))];
    }
    case 'message': {
      const open = button(Command.openRequest, t('Open'));
      return need.agentId === undefined ? [open] : [button(Command.reply, t('Reply…')), open];
    }
    case 'held':
      return [
        button(Command.runAgain, t('Run Again'), need.agentId),
        button(Command.dismissHeld, t('Discard'), need.agentId),
      ];
    case 'dead':
      return [
        button(Command.retryDead, t('Retry'), need.agentId),
        button(Command.dismissDead, t('Discard'), need.agentId),
      ];
    case 'error':
      return [button(Command.restartAgent, t('Restart'), need.agentId)];
    case 'signIn':
      return [{ title: t('Sign In…'), command: Command.signIn, target: undefined }];
    case 'limit':
      return [{ title: t('Try Now'), command: Command.tryNow, target: undefined }];
    case 'claim':
      // The dialog shows the full value.
      return [button(Command.allowHere, t('Decide…'))];
  }
}

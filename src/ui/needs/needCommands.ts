/**
 * The commands that answer needs. From a menu, each acts on the row. From the keyboard, it acts on the focused row. From the
 * palette, it acts on the only need that fits, or asks which one. Programs call `command(agent?, requestId?, answer?)`, which
 * acts on the agent's oldest need that fits.
 */
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { RequestAnswer } from '../../runtime/agentRequest.ts';
import { resolveAgent } from '../../town/records/names.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { STEER_MS, isOnItsWay } from '../agents/steerNotice.ts';
import { askText } from '../ask.ts';
import { reach } from '../milestones.ts';
import { isByKey, readCall } from '../calls.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command, type CommandId } from '../ids.ts';
import { Row } from '../itemTree.ts';
import type { ReadMarks } from '../readMarks.ts';
import { askAnswer } from './needAnswers.ts';
import {
  type ClaimNeed,
  type MessageNeed,
  type Need,
  type NeedAction,
  type RequestNeed,
  actionsOf,
  asksForMore,
  choiceOf,
  needActions,
} from './needs.ts';
import type { NeedsFeed } from './needsFeed.ts';
import type { NeedsView } from './needsView.ts';
import { offersApproval, seenInLabel } from './seen.ts';
import { withoutIcons } from '../plainText.ts';
import { labelOf, titleOf, wholeText } from './needsYouItems.ts';
import type { RequestDocuments } from './requestDocuments.ts';
import { registerCommand } from '../registerCommand.ts';
import { askToAllow } from '../trust/trustCommands.ts';
import type { TownHost } from '../town/townHost.ts';
import type { WholeTexts } from '../wholeTexts.ts';

const { t } = vscode.l10n;

export interface NeedParts {
  host: TownHost;
  feed: NeedsFeed;
  view: NeedsView;
  documents: RequestDocuments;
  texts: WholeTexts;
  looked: ReadMarks;
  /** The person has looked at what the agent has done. */
  lookedAtAgent: (agentId: string | undefined) => void;
  log: EditorLog;
}

export function registerNeedCommands(parts: NeedParts): Disposable {
  const store = new DisposableStore();
  const add = (id: CommandId, run: (call: NeedCall) => Promise<unknown>): void => {
    store.add(registerCommand(id, { read: (args) => readNeedCall(args, parts.documents), run, log: parts.log }));
  };
  for (const action of needActions) add(Command[action], (call) => act(action, call, parts));
  add(Command.nextNeed, ({ focused = false }) => parts.view.next(focused));
  return store;
}

interface NeedCall {
  interactive: boolean;
  /** A need's key. */
  need?: string | undefined;
  /** Index of the file that was clicked. */
  file?: number | undefined;
  /** The option of a question that was clicked. */
  option?: string | undefined;
  /** The button that was pressed is next to the full request. */
  offered?: boolean;
  /** Called by a key: acts on the row with the keyboard focus. */
  focused?: boolean;
  /** Called on the parent row of all needs that are only to be read. */
  reports?: boolean;
  /** Names an agent. For messages also a message's id, for claims also a setting's id. */
  ref?: string | undefined;
  /** A request's id, or the reply to a message. */
  text?: string | undefined;
  answer?: object | undefined;
}

const target = z.object({ need: z.string(), file: z.optional(z.number()), option: z.optional(z.string()) });

function readNeedCall(args: readonly unknown[], documents: RequestDocuments): NeedCall {
  const [first] = args;
  if (first instanceof vscode.Uri) {
    // A button in the editor title of a request's document.
    const shown = documents.shownIn(first);
    if (!shown) throw new TinytownError('requestGone', t('This has already been answered or withdrawn.'));
    return { interactive: true, offered: shown.actions.includes('approve'), need: shown.need };
  }
  if (first instanceof Row) {
    const { id, needKey } = first.item;
    return { interactive: true, offered: offersApproval(first.item), need: needKey, reports: id === 'need/reports' };
  }
  const row = target.safeParse(first);
  if (row.success) return { interactive: true, offered: true, ...row.data };
  if (isByKey(args)) return { interactive: true, focused: true };
  const { interactive, agent: ref, text, extra: answer } = readCall(args, () => undefined, t);
  return { interactive, ref, text, answer };
}

/** Resolves with the id of the request or message, or undefined if the person canceled. */
async function act(action: NeedAction, call: NeedCall, parts: NeedParts): Promise<string | undefined> {
  const { feed, view } = parts;
  const clicked = action === 'openRequest' ? call.need : undefined;
  view.used();
  if (call.reports) return dismissReports(parts);
  if (!call.interactive) await feed.refresh();
  const aimed = call.focused ? { ...call, ...(await view.focused()) } : call;
  const need = await needFor(action, aimed, parts);
  if (!need) return undefined;
  const place = feed.needs.findIndex(({ key }) => key === need.key);
  const done = await perform(action, need, aimed, parts);
  if (done !== undefined && (call.focused || clicked !== undefined)) await view.answered(need.key, place);
  return done;
}

async function needFor(action: NeedAction, call: NeedCall, { feed, host }: NeedParts): Promise<Need | undefined> {
  await host.session();
  const key = call.need;
  if (key === undefined && call.focused) return undefined;
  if (key !== undefined) {
    const need = feed.needs.find((one) => one.key === key);
    if (!need) throw new TinytownError('requestGone', t('This has already been answered or withdrawn.'));
    // The approve key opens the answer dialog if an approval is not enough.
    if (call.focused && action === 'approve' && actionsOf(need).includes('answer')) return need;
    if (!actionsOf(need).includes(action)) throw new TinytownError('cannotNow', whyNot(action, need));
    return need;
  }
  const fitting = feed.needs.filter((need) => actionsOf(need).includes(action) && isMeant(need, call, host));
  const [oldest, second] = fitting;
  if (!oldest) throw nothingFits(action, call, feed);
  return second && call.interactive ? pickNeed(fitting) : oldest;
}

function isMeant(need: Need, { ref, text }: NeedCall, host: TownHost): boolean {
  if (ref === undefined) return true;
  if (need.kind === 'message' && need.message.id === ref) return true;
  if (need.kind === 'claim' && need.claim.kind === 'setting' && need.claim.name === ref) return true;
  const found = resolveAgent(ref, host.ready?.mirror.agents.values() ?? []);
  if (!found.ok) {
    if (need.kind === 'message' || need.kind === 'claim') return false;
    throw new TinytownError(found.reason === 'ambiguous' ? 'ambiguousAgent' : 'unknownAgent', found.message);
  }
  if (need.agentId !== found.agent.id) return false;
  return need.kind !== 'request' || text === undefined || need.request.id === text;
}

function nothingFits(action: NeedAction, { ref, text }: NeedCall, { needs }: NeedsFeed): TinytownError {
  const named = needs.find((need) => need.kind === 'request' && need.request.id === text);
  if (named) return new TinytownError('cannotNow', whyNot(action, named));
  if (text !== undefined && action !== 'reply') {
    return new TinytownError('requestGone', t('This has already been answered or withdrawn.'));
  }
  const message =
    ref === undefined ? t('Nothing is waiting for this.') : t('“{0}” isn’t waiting for this.', oneLine(ref, 64));
  return new TinytownError('nothingWaits', message);
}

function whyNot(action: NeedAction, need: Need): string {
  if (action === 'approve' || action === 'approveForSession') {
    return need.kind === 'request' && asksForMore(need.request)
      ? t('This needs an answer, not just an approval.')
      : t('This can’t be approved here. Open it to see the choices.');
  }
  return t('This can’t be done here.');
}

async function pickNeed(needs: readonly Need[]): Promise<Need | undefined> {
  const items = needs.map((need) => ({
    label: withoutIcons(labelOf(need, t)),
    description: withoutIcons(oneLine(need.who, 64)),
    need,
  }));
  const options = { placeHolder: t('Which one? Oldest first.'), matchOnDescription: true };
  return (await vscode.window.showQuickPick(items, options))?.need;
}

async function perform(action: NeedAction, need: Need, call: NeedCall, parts: NeedParts): Promise<string | undefined> {
  if (call.focused && action === 'approve' && !actionsOf(need).includes('approve')) {
    return perform('answer', need, call, parts);
  }
  switch (action) {
    case 'approve':
    case 'approveForSession':
    case 'decline': {
      if (need.kind !== 'request') return undefined;
      if (action !== 'decline' && !isSeen(call)) return answer(need, call, parts);
      const choice = choiceOf(need.request, action);
      return choice && answerRequest(need, { choice: choice.id }, parts);
    }
    case 'declineAndSay':
      return need.kind === 'request' ? declineAndSay(need, call, parts) : undefined;
    case 'answer':
      if (need.kind === 'message') return reply(need, call, parts);
      return need.kind === 'request' ? answer(need, call, parts) : undefined;
    case 'reply':
      return need.kind === 'message' ? reply(need, call, parts) : undefined;
    case 'dismissMessage':
      if (need.kind !== 'message') return undefined;
      await (await parts.host.session()).actions.personInbox.dismissMessage(need.message.id);
      return need.message.id;
    case 'allowHere':
    case 'dontAllow':
      return need.kind === 'claim' ? decideClaim(action, need, call, parts) : undefined;
    case 'openRequest':
      return open(need, call, parts);
  }
}

/** Whether the person could see the full request next to the pressed button. */
function isSeen({ interactive, offered = false }: NeedCall): boolean {
  return !interactive || offered;
}

/** Resolves with the need's key. Reopens the town at once if a Redis was allowed, because only that makes it take effect. */
async function decideClaim(
  action: 'allowHere' | 'dontAllow',
  { claim, key }: ClaimNeed,
  { interactive }: NeedCall,
  { host }: NeedParts,
): Promise<string | undefined> {
  const { confirmations } = (await host.session()).trust;
  const asks = interactive && action === 'allowHere';
  const allowed = asks ? await askToAllow(claim) : action === 'allowHere';
  if (allowed === undefined) return undefined;
  await (allowed ? confirmations.confirm(claim) : confirmations.decline(claim));
  if (allowed && (claim.kind === 'redisAddress' || claim.kind === 'redisVariable')) await host.reopen();
  return key;
}

async function answerRequest(need: RequestNeed, given: RequestAnswer, { host }: NeedParts): Promise<string> {
  const { actions } = await host.session();
  await actions.personInbox.answerRequest(need.agentId, need.request.id, given, need.request);
  reach('answer');
  return need.request.id;
}

const refusal = z.object({ reason: z.string() });

/** `declineAndSay(agent?, requestId?, {reason}?)`: steers the turn with the reason, then declines. */
async function declineAndSay(need: RequestNeed, call: NeedCall, parts: NeedParts): Promise<string | undefined> {
  const choice = choiceOf(need.request, 'decline');
  if (!choice) return undefined;
  const given = call.answer === undefined ? undefined : refusal.safeParse(call.answer);
  if (given && !given.success) throw new TinytownError('badArguments', t('The only option is reason, a string.'));
  const reason =
    given?.data.reason ??
    (await askText(t('Decline and Tell {0} Why', oneLine(need.who, 64)), t('Why not? What should it do instead?')));
  if (reason === undefined) return undefined;
  const { actions, receipts } = await parts.host.session();
  // The agent continues as soon as it is refused. It should know the reason by then.
  const messageId = await actions.steer(need.agentId, reason);
  await receipts.until({ agentId: need.agentId, messageId }, isOnItsWay, STEER_MS);
  return answerRequest(need, { choice: choice.id }, parts);
}

const answers = z.union([
  z.strictObject({ choice: z.string() }),
  z.strictObject({ answers: z.record(z.string(), z.array(z.string())) }),
  z.strictObject({ form: z.record(z.string(), z.unknown()) }),
]);

async function answer(need: RequestNeed, call: NeedCall, parts: NeedParts): Promise<string | undefined> {
  const [question, ...more] = need.request.kind === 'question' ? need.request.questions : [];
  if (call.option !== undefined && question && more.length === 0) {
    return answerRequest(need, { answers: { [question.id]: [call.option] } }, parts);
  }
  if (call.answer === undefined) {
    const { folder } = await parts.host.session();
    if (!asksForMore(need.request) && !seenInLabel(need.request, folder, t)) await parts.documents.show(need, folder);
    const given = await askAnswer(need.request, oneLine(need.who, 64));
    return given && answerRequest(need, given, parts);
  }
  const given = answers.safeParse(call.answer);
  if (given.success) return answerRequest(need, given.data, parts);
  throw new TinytownError(
    'badArguments',
    t('An answer is {choice: id}, {answers: {question: [text]}} or {form: {field: value}}.'),
  );
}

async function reply(need: MessageNeed, call: NeedCall, { host }: NeedParts): Promise<string | undefined> {
  const text = call.text ?? (await askText(t('Reply to {0}', oneLine(need.who, 64)), oneLine(need.message.text, 200)));
  if (text === undefined) return undefined;
  await (await host.session()).actions.personInbox.replyTo(need.message.id, text);
  return need.message.id;
}

async function dismissReports({ host, feed }: NeedParts): Promise<undefined> {
  const { actions } = await host.session();
  for (const need of feed.needs) {
    if (need.kind === 'message' && !need.waits) await actions.personInbox.dismissMessage(need.message.id);
  }
}

/** Shows the need, or asks for the answer if there is nothing to show. For a person, undefined unless that settled it. */
async function open(need: Need, call: NeedCall, parts: NeedParts): Promise<string | undefined> {
  const { host, documents } = parts;
  const { folder } = await host.session();
  switch (need.kind) {
    case 'request':
      if (call.interactive && asksForMore(need.request)) return answer(need, call, parts);
      await documents.show(need, folder, call.file);
      return call.interactive ? undefined : need.request.id;
    case 'message':
      await parts.texts.show(need.key, titleOf(need, t), { text: wholeText(need, t), prose: true });
      if (!call.interactive) return need.message.id;
      parts.looked.message(need.message.id);
      parts.lookedAtAgent(need.agentId);
      return undefined;
    case 'held':
    case 'dead':
    case 'error':
      return choose(need, call);
    case 'claim':
      if (call.interactive) return decideClaim('allowHere', need, call, parts);
      await documents.show(need, folder);
      return need.key;
    case 'signIn':
      await vscode.commands.executeCommand(Command.signIn);
      return undefined;
    case 'limit':
      return offer(need, [Command.tryNow, t('Try Now')], [Command.signIn, t('Sign In to Codex…')]);
  }
}

/** Offers actions for a need that has nothing more to show. */
async function choose(
  need: Extract<Need, { kind: 'held' | 'dead' | 'error' }>,
  { interactive }: NeedCall,
): Promise<string | undefined> {
  if (!interactive) throw new TinytownError('cannotNow', t('There is nothing more to show. Choose what to do.'));
  const newConversation: [CommandId, string] = [Command.newConversation, t('Begin a New Conversation')];
  switch (need.kind) {
    case 'held':
      return offer(
        need,
        [Command.runAgain, t('Run Interrupted Work Again')],
        [Command.dismissHeld, t('Discard Interrupted Work')],
        newConversation,
      );
    case 'dead':
      return offer(
        need,
        [Command.retryDead, t('Retry Failed Messages')],
        [Command.dismissDead, t('Discard Failed Messages')],
      );
    case 'error':
      return offer(
        need,
        [Command.restartAgent, t('Restart Agent')],
        [Command.showOutput, t('Show Output')],
        newConversation,
      );
  }
}

async function offer(need: Need, ...choices: [CommandId, string][]): Promise<string | undefined> {
  const items = choices.map(([command, label]) => ({ label, command }));
  const title = titleOf(need, t);
  const picked = await vscode.window.showQuickPick(items, { title, placeHolder: oneLine(wholeText(need, t)) });
  if (!picked) return undefined;
  await vscode.commands.executeCommand(picked.command, need.agentId);
  return need.agentId;
}

/**
 * The commands that send something from the editor to an agent: the selection, files, problems. They steer a running turn.
 * Otherwise they send a message, which wakes a sleeping agent.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { TownSession } from '../../loop/townSession.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { factsOf, whyNot } from '../agents/agentActions.ts';
import { findAgent } from '../agents/agentCommands.ts';
import { askText, askWords } from '../ask.ts';
import { pickRecipient } from '../agents/pickAgent.ts';
import { type Call, readCall } from '../calls.ts';
import type { EditorLog } from '../editorLog.ts';
import { type AttachedFile, filesText, problemsText, selectionText, selectionWords } from './editorTexts.ts';
import { Command, type CommandId } from '../ids.ts';
import { mention } from '../notify.ts';
import { FileProblems, inFile } from './problemFixes.ts';
import { registerCommand } from '../registerCommand.ts';
import { tellIfQueued } from '../agents/steerNotice.ts';
import type { TownHost } from '../town/townHost.ts';
import { pictureOf } from '../town/townPicture.ts';
import type { TownViews } from '../townViews.ts';

const { t } = vscode.l10n;

export interface EditorParts {
  host: TownHost;
  views: TownViews;
  log: EditorLog;
}

interface EditorCall extends Call {
  files: readonly vscode.Uri[];
  problems?: FileProblems | undefined;
}

export function registerEditorCommands(parts: EditorParts): Disposable {
  const store = new DisposableStore();
  const add = (id: CommandId, run: (call: EditorCall, parts: EditorParts) => Promise<unknown>): void => {
    store.add(registerCommand(id, { read: readEditorCall, run: (call) => run(call, parts), log: parts.log }));
  };
  add(Command.sendSelection, sendSelection);
  add(Command.attachFile, attachFile);
  add(Command.sendDiagnostics, sendDiagnostics);
  return store;
}

const options = z.object({ files: z.optional(z.array(z.string())) });

/** Arguments are `(file, files)` from a menu, problems from a quick fix, or else as for all commands, with paths in `{files}`. */
function readEditorCall(args: readonly unknown[]): EditorCall {
  const [first, second] = args;
  if (first instanceof FileProblems) return { interactive: true, files: [first.file], problems: first };
  if (first instanceof vscode.Uri) {
    const several = Array.isArray(second) ? second.filter((one) => one instanceof vscode.Uri) : [];
    return { interactive: true, files: several.length > 0 ? several : [first] };
  }
  const call = readCall(args, () => undefined, t);
  const { files = [] } = options.safeParse(call.extra).data ?? {};
  return { ...call, files: files.map((file) => vscode.Uri.file(file)) };
}

/** `sendSelection(agent?, text?)`: sends the editor's selection, with `text` before it. Resolves with the agent's id. */
async function sendSelection(call: EditorCall, parts: EditorParts): Promise<string | undefined> {
  const session = await parts.host.session();
  const editor = vscode.window.activeTextEditor;
  const { document, selections = [] } = editor ?? {};
  const selection = {
    path: document ? pathIn(session.folder, document.uri) : '',
    language: document?.languageId ?? '',
    unsaved: document?.isDirty ?? false,
    pieces: selections.map((one) => ({
      firstLine: one.start.line + 1,
      // A selection that ends at the start of a line does not include that line.
      lastLine: one.end.line + (one.end.character === 0 && one.end.line > one.start.line ? 0 : 1),
      text: document?.getText(one) ?? '',
    })),
  };
  // Fails early if the text is unusable, so nobody types words for nothing.
  selectionText('', selection, t);
  const title = (name: string): string => t('Send Selection to {0}', name);
  const ask = (name: string): Thenable<string | undefined> =>
    askWords(title(name), t('What should it do with this? Optional.'), selectionWords(selection, t));
  return send({ call, session, title: t('Send Selection to Agent'), ask }, parts, (words) =>
    selectionText(words, selection, t),
  );
}

/** `attachFile(agent?, text?, {files}?)`: tells an agent about files, by default the editor's. Resolves with the agent's id. */
async function attachFile(call: EditorCall, parts: EditorParts): Promise<string | undefined> {
  const session = await parts.host.session();
  const current = vscode.window.activeTextEditor?.document.uri;
  const uris = call.files.length > 0 ? call.files : current ? [current] : [];
  if (uris.length === 0) throw new TinytownError('noFile', t('No file to attach. Open or select a file first.'));
  if (uris.some(({ scheme }) => scheme !== 'file')) {
    throw new TinytownError('noFile', t('Only files on disk can be attached. Save it first, or send the selection.'));
  }
  const files = await Promise.all(uris.map((uri) => attached(session.folder, uri)));
  filesText('', files, t);
  const [only] = files;
  const what = files.length === 1 && only ? oneLine(only.path, 64) : t('{0} files', files.length);
  const title = t('Attach {0} to a Message', what);
  const ask = (name: string): Thenable<string | undefined> =>
    askText(title, t('What should {0} do with it? The agent gets the path, not the content.', name));
  return send({ call, session, title, ask }, parts, (words) => filesText(words, files, t));
}

/** `sendDiagnostics(agent?, text?, {files}?)`: sends a file's problems, by default the editor's. Resolves with the agent's id. */
async function sendDiagnostics(call: EditorCall, parts: EditorParts): Promise<string | undefined> {
  const session = await parts.host.session();
  const file = call.files[0] ?? vscode.window.activeTextEditor?.document.uri;
  const { problems } = call.problems ?? inFile(file);
  const where = file ? pathIn(session.folder, file) : '';
  problemsText('', where, problems, t);
  const ask = (name: string): Thenable<string | undefined> =>
    askWords(t('Ask {0} to Fix', name), t('Anything it should know? Optional.'));
  return send({ call, session, title: t('Ask Agent to Fix'), ask }, parts, (words) =>
    problemsText(words, where, problems, t),
  );
}

interface Sending {
  call: EditorCall;
  session: TownSession;
  title: string;
  /** Asks for the words that accompany it. */
  ask: (name: string) => Thenable<string | undefined>;
}

async function send(
  { call, session, title, ask }: Sending,
  { views }: EditorParts,
  textWith: (words: string) => string,
): Promise<string | undefined> {
  if (!call.interactive) await session.mirror.refresh();
  const agent =
    call.agent === undefined
      ? await pickRecipient(session, title, views.lastGivenWork)
      : findAgent(session, call.agent);
  if (!agent) return undefined;
  const words = call.text ?? (call.interactive ? await ask(oneLine(agent.name, 64)) : '');
  if (words === undefined) return undefined;
  const text = textWith(words);
  // The agent may have changed while the person typed.
  const now = session.mirror.agents.get(agent.id) ?? agent;
  const steers = canSteer(session, now);
  if (steers) {
    const messageId = await session.actions.steer(agent.id, text);
    if (call.interactive) void tellIfQueued(session, agent, messageId);
  } else {
    await session.actions.sendMessage(agent.id, text);
  }
  if (call.interactive) {
    views.watch(agent.id);
    mention(sentWords(now, steers));
  }
  return agent.id;
}

function canSteer(session: TownSession, agent: AgentRecord): boolean {
  const picture = pictureOf(session);
  const facts = factsOf(agent, picture.view(agent.id), picture.waiting(agent.id));
  return facts.turn && whyNot('steer', facts, t) === undefined;
}

function sentWords(agent: AgentRecord, steers: boolean): string {
  const name = oneLine(agent.name, 64);
  if (steers) return t('Sent into the running turn of {0}.', name);
  switch (agent.state) {
    case 'paused':
      return t('Sent to {0}, which is paused. Resume it so that it reads this.', name);
    case 'stopped':
    case 'error':
      return t('Sent to {0}, which isn’t running. Restart it so that it reads this.', name);
    default:
      return t('Sent to {0}.', name);
  }
}

/** The path relative to the agent's `folder`, or absolute if it is outside. Has slashes on every system. */
function pathIn(folder: string, uri: vscode.Uri): string {
  if (uri.scheme !== 'file') return uri.path;
  const relative = path.relative(folder, uri.fsPath);
  if (relative === '') return '.';
  const inside = relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  return (inside ? relative : uri.fsPath).replaceAll(path.sep, '/');
}

async function attached(folder: string, uri: vscode.Uri): Promise<AttachedFile> {
  try {
    const { type } = await vscode.workspace.fs.stat(uri);
    return { path: pathIn(folder, uri), folder: (type & vscode.FileType.Directory) !== 0 };
  } catch (cause) {
    throw new TinytownError('noFile', t('There is no file {0}.', oneLine(pathIn(folder, uri))), { cause });
  }
}

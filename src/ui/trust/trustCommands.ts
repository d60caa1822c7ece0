/** Asks what the user wants to allow in this folder, and remembers the answers in the extension's own storage. */
import * as vscode from 'vscode';
import { type Claim, type ConfirmationMemory, type Confirmations, claimId } from '../../loop/trust/confirmations.ts';
import { RedisUnconfirmed } from '../../loop/trust/redisUnconfirmed.ts';
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { TinytownError } from '../../util/errors.ts';
import { type Call, readCall } from '../calls.ts';
import type { EditorLog } from '../editorLog.ts';
import { Command, type CommandId } from '../ids.ts';
import { MOST_SHOWN } from '../needs/seen.ts';
import { decide, inform, warn } from '../notify.ts';
import { problemOf } from '../problems.ts';
import { registerCommand } from '../registerCommand.ts';
import type { TownHost } from '../town/townHost.ts';
import { claimQuestion, claimText } from './claimWords.ts';

const { t } = vscode.l10n;

/** Keeps confirmations in the editor's profile, out of reach of agents and of other Redis clients. */
export function memoryIn(state: vscode.Memento): ConfirmationMemory {
  return {
    keys: () => state.keys(),
    add: (key) => state.update(key, true),
    delete: (key) => state.update(key, undefined),
  };
}

/** Shows the full claim. Resolves with undefined if the person closes the question without an answer. */
export async function askToAllow(claim: Claim): Promise<boolean | undefined> {
  const text = claimText(claim, t);
  if (text.length > MOST_SHOWN) {
    throw new TinytownError('cannotNow', t('This is too long to show, so it can’t be allowed. Make it shorter.'));
  }
  return await decide(claimQuestion(claim, t), text, { yes: t('Allow'), no: t('Don’t Allow') });
}

interface TrustParts {
  host: TownHost;
  confirmationsOf: (folder: string) => Confirmations;
  log: EditorLog;
}

/**
 * Registers two commands. `chooseRedis(answer?)` decides whether the town may use the claimed Redis (`allow` or `skip`), and
 * resolves with the town's state. `forgetAllowed()` forgets all answers for this folder, and resolves with their number.
 */
export function registerTrustCommands({ host, confirmationsOf, log }: TrustParts): Disposable {
  const store = new DisposableStore();
  const add = (id: CommandId, run: (call: Call) => Promise<unknown>): void => {
    store.add(registerCommand(id, { read, run, log }));
  };
  add(Command.chooseRedis, async ({ agent: answer }) => {
    const state = await host.look();
    if (state.kind !== 'failed' || !(state.error instanceof RedisUnconfirmed)) {
      const message = t('No Redis is waiting for your answer. “Needs You” shows what you declined.');
      throw new TinytownError('nothingWaits', message);
    }
    const { claim } = state.error;
    const allowed = answer === undefined ? await askToAllow(claim) : answer === 'allow';
    if (allowed === undefined) return state.kind;
    const confirmations = confirmationsOf(state.folder);
    await (allowed ? confirmations.confirm(claim) : confirmations.decline(claim));
    return (await host.look()).kind;
  });
  add(Command.forgetAllowed, async ({ interactive }) => {
    const { state } = host;
    if (!('folder' in state)) throw new TinytownError('noFolder', t('There is no town in this window.'));
    const count = await confirmationsOf(state.folder).forget();
    const text = count === 1 ? t('Forgot 1 answer.') : t('Forgot {0} answers.', count);
    if (interactive)
      void inform(`${text} ${t('What is running now continues. You’ll be asked again before it starts next time.')}`);
    return count;
  });
  store.add(askForRedis(host));
  return store;
}

function read(args: readonly unknown[]): Call {
  return readCall(args, () => undefined, t);
}

/** Notifies the person once about each Redis that waits for an answer. */
function askForRedis(host: TownHost): Disposable {
  const told = new Set<string>();
  return host.onDidChange((state) => {
    if (state.kind !== 'failed' || !(state.error instanceof RedisUnconfirmed)) return;
    const id = `${state.folder}\n${claimId(state.error.claim)}`;
    if (told.has(id)) return;
    told.add(id);
    void warn(problemOf(state.error, t).message, { title: t('Decide…') }).then((answer) =>
      answer ? vscode.commands.executeCommand(Command.chooseRedis) : undefined,
    );
  });
}

/** What tests that press everything stand on: a window on a town whose records are made, and the manifest. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { startTestRedis } from '../support/redis.ts';
import type { ModelRequest, ScriptedModel, Step } from '../support/scriptedModel.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { type Contributed, readContributed } from './contributed.ts';
import { MadeRecords } from './madeRecords.ts';
import { RowPresser } from './rowPresser.ts';
import { startUiTown } from './uiTown.ts';

export interface PressTown {
  readonly model: ScriptedModel;
  readonly made: MadeRecords;
  readonly workbench: Workbench;
  readonly contributed: Contributed;
  readonly presser: RowPresser;
  end(): Promise<void>;
}

export interface PressTownOptions {
  /** What the model does, by what it was told last; it says "Done." to everything else. */
  firsts: Record<string, (request: ModelRequest) => Step[]>;
  /** Makes agents, messages and tasks before the window opens. */
  makeRecords: (made: MadeRecords) => Promise<void>;
  /** Files of the folder, by their names. */
  files?: Record<string, string>;
}

const question = {
  id: 'q',
  header: 'Color',
  question: 'Which color?',
  options: [
    { label: 'Red', description: 'As it was.' },
    { label: 'Green', description: 'As the garden.' },
  ],
};

/** The model asks for a color, once. */
export function askColor({ toolOutputs }: ModelRequest): Step[] {
  if (toolOutputs.length > 0) return [{ text: 'Painted.' }];
  return [{ tool: { name: 'request_user_input', arguments: { questions: [question] } } }];
}

/** The model adds a file, once. */
export function addFile(name: string): (request: ModelRequest) => Step[] {
  const patch = `*** Begin Patch\n*** Add File: ${name}\n+Soup\n*** End Patch`;
  return ({ toolOutputs }) =>
    toolOutputs.length > 0 ? [{ text: 'Written.' }] : [{ exec: `apply_patch <<'EOF'\n${patch}\nEOF` }];
}

/** How the model runs one command after the other, each of which must be approved: `touch b1.txt`, `touch b2.txt` … */
export function nextBuild({ toolOutputs }: ModelRequest): Step[] {
  const exec = `touch b${toolOutputs.length + 1}.txt`;
  return [{ exec, escalate: 'The build writes outside of the workspace.' }];
}

/** Agents ask before each command and change. Notifications are off, so that one always is a problem. */
export async function startPressTown(options: PressTownOptions): Promise<PressTown> {
  const ends: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of ends.splice(0).toReversed()) await one();
  };
  try {
    return { ...(await start(options, ends)), end };
  } catch (error) {
    // What is left running would keep the test from ending.
    await end();
    throw error;
  }
}

/** @param ends Gets what ends each thing that was started, in order. */
async function start(
  { firsts, makeRecords, files = {} }: PressTownOptions,
  ends: (() => Promise<void>)[],
): Promise<Omit<PressTown, 'end'>> {
  const town = await startUiTown();
  ends.push(() => town.end());
  town.model.script = (request) => {
    const first = Object.entries(firsts).find(([task]) => request.lastUserText.includes(task))?.[1];
    return first?.(request) ?? [{ text: 'Done.' }];
  };
  const redis = await startTestRedis();
  ends.push(() => redis.stop());
  const folder = await town.folder('press');
  for (const [name, text] of Object.entries({ 'tinytown.toml': 'name = "press"\n', ...files })) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  const made = await MadeRecords.open(redis, 'press');
  ends.push(() => made.close());
  await makeRecords(made);
  const workbench = await Workbench.open({
    folder,
    settings: {
      ...town.settings,
      'tinytown.redis.url': redis.url,
      'tinytown.codex.sandbox': 'workspace-write',
      'tinytown.codex.approvalPolicy': 'untrusted',
      'tinytown.maxAgents': 100,
      'tinytown.notifications': 'none',
    },
  });
  ends.push(() => workbench.close());
  // A list draws only what is in sight.
  await workbench.page.setViewportSize({ width: 1280, height: 1600 });
  await workbench.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const contributed = await readContributed();
  return { model: town.model, made, workbench, contributed, presser: new RowPresser(workbench, contributed) };
}

/** Gives the whole sidebar to one view. */
export async function showOnly(workbench: Workbench, view: string): Promise<void> {
  for (const title of ['Needs You', 'Agents', 'Tasks']) {
    const header = workbench.view(title).pane.locator('.pane-header');
    const open = (await header.getAttribute('aria-expanded')) === 'true';
    if (open !== (title === view)) await header.click();
  }
}

/** Waits until these are the rows whose labels begin with `word`, by what comes after it. */
export function orderIs(workbench: Workbench, view: string, word: string, ...rest: string[]): () => Promise<unknown> {
  return () =>
    eventually(
      async () => {
        const texts = await workbench.view(view).texts();
        const found = texts.flatMap((text) => (text.startsWith(`${word} `) ? [text.split(' ')[1]] : []));
        return found.join() === rest.join();
      },
      { what: `${word} ${rest.join()}` },
    );
}

/** What a UI test stands on: an empty folder, the real codex, and a scripted model behind it. */
import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { type CodexHome, codexHome, codexPath } from '../support/codexHome.ts';
import { type ScriptedModel, startScriptedModel } from '../support/scriptedModel.ts';
import { tempDir } from '../support/tempDir.ts';
import type { Workbench } from '../support/workbench/workbench.ts';

export interface UiTown {
  readonly model: ScriptedModel;
  /** Holds Codex's own configuration. */
  readonly codexHome: string;
  /** Settings of the editor with which agents are the scripted model's. */
  readonly settings: Record<string, unknown>;
  /** Makes an empty folder named `name`. */
  folder(name: string): Promise<string>;
  end(): Promise<void>;
}

export async function startUiTown(options: Parameters<typeof codexHome>[1] = {}): Promise<UiTown> {
  const dir = await tempDir('ui-town');
  const model = await startScriptedModel();
  const home: CodexHome = await codexHome(model.url, options);
  return {
    model,
    codexHome: home.home,
    settings: {
      'tinytown.codex.path': codexPath,
      'tinytown.codex.env': home.own,
      'tinytown.codex.sandbox': 'danger-full-access',
    },
    async folder(name) {
      const folder = path.join(dir.path, name);
      await mkdir(folder);
      return folder;
    },
    async end() {
      await model.close();
      await home.remove();
      await dir.remove();
    },
  };
}

/** Spawns an agent as a person does who knows the palette; without a task where that is empty. */
export async function spawnAgent(workbench: Workbench, name: string, task: string): Promise<void> {
  const { quickInput } = workbench;
  await workbench.runCommand('Tinytown: New Agent…');
  await quickInput.widget.getByText('New Agent').first().waitFor();
  await quickInput.type(name);
  await quickInput.accept();
  await quickInput.widget.getByText(`First task for ${name}`).waitFor();
  await quickInput.type(task);
  await quickInput.accept();
}

/** Processes of the window's server whose command line fits. */
export function processesLike(workbench: Workbench, fits: RegExp): number[] {
  return workbench
    .processes()
    .filter(({ command }) => fits.test(command))
    .map(({ pid }) => pid);
}

/**
 * For tests that each go on where the one before it ended: after a failure pictures of the windows and the extension's log are
 * kept, and the rest of the file is skipped (mocha's own bail would also skip all other files).
 */
export function stepByStep(name: string, windows: () => readonly (Workbench | undefined)[]): void {
  let broken = false;
  beforeEach(function () {
    if (broken) this.skip();
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    broken = true;
    const open = windows().filter((window) => window !== undefined);
    for (const [place, window] of open.entries())
      await window.screenshot(`failed-${name}${place === 0 ? '' : place + 1}`);
    process.stderr.write((await open[0]?.extensionLog()) ?? '');
  });
}

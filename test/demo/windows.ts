/** The demo's VS Code: the desktop editor where there is a screen, else one in the browser. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { once } from 'node:events';
import { startChild, startFamily, stopChild } from '../support/children.ts';
import { shortTempDir } from '../support/shortTempDir.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { story } from './story.ts';

export interface DemoWindow {
  /** Where people find it, in one sentence. */
  where: string;
  /** Resolves when a person has closed it. */
  closed: Promise<void>;
  /** Saves a picture and resolves with its path; undefined where the window can't be asked for one. */
  screenshot(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface DemoWindowOptions {
  folder: string;
  extensionsDir: string;
  settings: Record<string, unknown>;
  env: Record<string, string>;
}

/** A page without a screen shows the window, so that the extension runs whether somebody opens the address or not. */
export async function browserWindow(options: DemoWindowOptions): Promise<DemoWindow> {
  const workbench = await Workbench.open(options);
  return {
    where: `VS Code is in your browser: ${workbench.url}`,
    closed: new Promise(() => undefined),
    async screenshot() {
      const agents = workbench.view('Agents');
      await workbench.openSidebar();
      // Where the demo failed, agents or their turns may not be there: the picture shows that.
      for (const { name } of story.agents.toReversed()) await agents.expand(name).catch(() => undefined);
      const turns = agents.items.filter({ hasText: 'Turn' });
      await turns
        .nth(story.agents.length - 1)
        .waitFor({ timeout: 5_000 })
        .catch(() => undefined);
      const transcript = workbench.page.locator('.part.panel .view-line', { hasText: 'Turn completed' });
      await transcript
        .last()
        .waitFor({ timeout: 5_000 })
        .catch(() => undefined);
      return workbench.screenshot('demo');
    },
    close: () => workbench.close(),
  };
}

/** @param executable The editor itself, not its command-line script, which would not wait for the window. */
export async function desktopWindow(
  executable: string,
  { folder, extensionsDir, settings, env }: DemoWindowOptions,
): Promise<DemoWindow> {
  const userData = path.join(path.dirname(folder), 'desktop');
  await mkdir(path.join(userData, 'User'), { recursive: true });
  await writeFile(path.join(userData, 'User/settings.json'), JSON.stringify(settings));
  const family = startFamily(userData);
  const temp = await shortTempDir();
  const args = [
    folder,
    '--new-window',
    '--disable-workspace-trust',
    '--skip-welcome',
    '--skip-release-notes',
    `--user-data-dir=${userData}`,
    `--extensions-dir=${extensionsDir}`,
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  const child = startChild(executable, args, {
    env: { ...process.env, REDIS_URL: '', ...temp.env, ...env, ...family.env },
    log: path.join(userData, 'editor.log'),
  });
  return {
    where: 'VS Code is open on your desktop.',
    closed: once(child, 'exit').then(() => undefined),
    screenshot: () => Promise.resolve(undefined),
    async close() {
      await stopChild(child);
      await family.end();
      await temp.remove();
    },
  };
}

/** Which Codex plays the agents: the one that the person is signed in to, else the pinned one with a scripted model. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { codexHome, codexPath } from '../support/codexHome.ts';
import { startScriptedModel } from '../support/scriptedModel.ts';
import { run } from '../../scripts/setup/run.ts';
import { demoScript } from './story.ts';

export interface DemoCodex {
  /** Said before anything else, in plain words. */
  banner: string;
  /** User settings that make the extension use it. */
  settings: Record<string, unknown>;
  close(): Promise<void>;
}

export async function codexForDemo(): Promise<DemoCodex> {
  return (await isSignedIn()) ? realCodex() : scriptedCodex();
}

/** Nobody asks the real Codex without a stored sign-in: starting it costs seconds. */
async function isSignedIn(): Promise<boolean> {
  const home = process.env['CODEX_HOME'] ?? path.join(homedir(), '.codex');
  if (!existsSync(path.join(home, 'auth.json'))) return false;
  return run(codexPath, ['login', 'status'], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}

function realCodex(): DemoCodex {
  return {
    banner: 'You are signed in to Codex: the agents really work, and use your account.',
    settings: { 'tinytown.codex.path': codexPath },
    close: () => Promise.resolve(),
  };
}

async function scriptedCodex(): Promise<DemoCodex> {
  const model = await startScriptedModel({ script: demoScript });
  const codex = await codexHome(model.url);
  return {
    banner:
      'Nobody is signed in to Codex here, so a SCRIPTED LOCAL MODEL answers: what the agents say and do is written in\n' +
      'test/demo/story.ts. All the rest is real: VS Code, the extension, Codex, Redis. To see real agents: codex login',
    settings: {
      'tinytown.codex.path': codexPath,
      'tinytown.codex.env': codex.own,
      // The commands are the story's own, and many a container has no sandbox to offer.
      'tinytown.codex.sandbox': 'danger-full-access',
    },
    async close() {
      await model.close();
      await codex.remove();
    },
  };
}

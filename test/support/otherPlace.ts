/** Programs in their own PID namespace, if this machine allows one. To process ids that is like another machine. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const unshare = ['--pid', '--fork', '--kill-child', '--mount-proc'];

/** Whether a PID namespace can be created here. */
export function otherPlacesAreAllowed(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    execFileSync('unshare', [...unshare, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The command that runs `args` as Node.js arguments in another PID namespace. */
export function otherPlaceCommand(args: readonly string[]): [string, string[]] {
  const hook = path.join(root, 'test/support/luaHook.mjs');
  return ['unshare', [...unshare, process.execPath, `--import=${hook}`, ...args]];
}

/** Runs `program`, the text of an ES module whose imports start at the project's root, in another PID namespace. */
export function runInOtherPlace(program: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const [command, args] = otherPlaceCommand(['--input-type=module', '--eval', program]);
  return spawn(command, args, { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The environment that agents and their programs start from: the same as in the editor's terminal. */
import type { Environment } from '../process/programs.ts';

const SNAP_ORIGINAL = '_VSCODE_SNAP_ORIG';
/** These let a program into the town's Redis. Agents must reach the town through their tools. */
const secrets = [/^REDIS_URL$/, /^TINYTOWN_(?:REDIS_PASSWORD|ACCESS)$/];
/** Set by the editor for its own processes. Some change what programs do, others let programs control the editor. */
const editorsOwn = [/^ELECTRON_/, /^VSCODE_/, /^SNAP(?:_|$)/, /^GDK_PIXBUF_/];
/** Variables that the editor's start script has saved under another name. */
const setAside: Readonly<Record<string, string>> = {
  VSCODE_NODE_OPTIONS: 'NODE_OPTIONS',
  VSCODE_NODE_REPL_EXTERNAL_MODULE: 'NODE_REPL_EXTERNAL_MODULE',
};

/**
 * @param editor The environment of the editor's own process.
 * @param added The user's choice. It overrides the editor's environment, and nothing in it is removed.
 */
export function agentEnvironment(editor: Environment, added: Environment = {}): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(editor)) {
    if (![...editorsOwn, ...secrets].some((pattern) => pattern.test(name)) && !name.endsWith(SNAP_ORIGINAL))
      env[name] = value;
  }
  for (const [name, value] of Object.entries(editor)) {
    const original = name.endsWith(SNAP_ORIGINAL) ? name.slice(0, -SNAP_ORIGINAL.length) : setAside[name];
    if (original === undefined || original === '' || value === undefined) continue;
    // An empty value means that the variable was not set before the editor started.
    if (value === '') delete env[original];
    else env[original] = value;
  }
  return { ...env, ...added };
}

/**
 * Finds programs the way the user's shell would. An editor that was started from a desktop has a shorter PATH than a terminal. So
 * if our PATH does not have the program, the login shell is asked for its PATH.
 */
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const windows = process.platform === 'win32';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment for a program whose output we parse: independent of the user's language and time zone. */
export function parseable(env: Environment): Record<string, string | undefined> {
  return { ...env, LC_ALL: 'C', TZ: 'UTC' };
}

export interface FoundProgram {
  /** Absolute. */
  file: string;
  /** The PATH it was found on. Programs that it starts, such as Node.js, are there too. */
  searchPath: string;
}

export type ProgramSearch =
  { ok: true; program: FoundProgram } | { ok: false; reason: 'notFound' | 'notExecutable'; file: string };

/**
 * @param command An absolute path, or a name to look up.
 * @param shellPath Resolves with the login shell's PATH, or undefined. Called only if `env`'s PATH does not have the program.
 */
export async function findProgram(
  command: string,
  env: Environment,
  shellPath: () => Promise<string | undefined> = () => loginShellPath(env),
): Promise<ProgramSearch> {
  const ownPath = pathOf(env);
  if (path.isAbsolute(command)) {
    const state = await stateOf(command);
    if (state === 'executable') return { ok: true, program: { file: command, searchPath: ownPath } };
    return { ok: false, reason: state, file: command };
  }
  const found = (await searchOn(command, ownPath, env)) ?? (await searchOn(command, (await shellPath()) ?? '', env));
  return found ? { ok: true, program: found } : { ok: false, reason: 'notFound', file: command };
}

/** `PATH`, in any case: Windows spells it `Path`. */
function pathOf(env: Environment): string {
  const name = Object.keys(env).find((candidate) => (windows ? candidate.toUpperCase() : candidate) === 'PATH');
  return (name === undefined ? undefined : env[name]) ?? '';
}

async function searchOn(command: string, searchPath: string, env: Environment): Promise<FoundProgram | undefined> {
  const endings = windows && !path.extname(command) ? (env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';') : [''];
  for (const folder of searchPath.split(path.delimiter).filter((entry) => path.isAbsolute(entry))) {
    for (const ending of endings) {
      const file = path.join(folder, command + ending);
      if ((await stateOf(file)) === 'executable') return { file, searchPath };
    }
  }
  return undefined;
}

async function stateOf(file: string): Promise<'executable' | 'notExecutable' | 'notFound'> {
  try {
    if (!(await stat(file)).isFile()) return 'notExecutable';
  } catch {
    return 'notFound';
  }
  try {
    await access(file, constants.X_OK);
    return 'executable';
  } catch {
    return 'notExecutable';
  }
}

const shellLimitMs = 5_000;

/** The PATH of the user's login shell. Undefined if there is no shell or it does not reply in time. */
async function loginShellPath(env: Environment): Promise<string | undefined> {
  const shell = env['SHELL'];
  if (windows || !shell) return undefined;
  const mark = '__tinytown_path__';
  try {
    // Interactive too, because many set PATH only there. Marked, because such a shell may print other text around it.
    const { stdout } = await run(shell, ['-ilc', `printf '${mark}%s${mark}' "$PATH"`], {
      env: { ...env },
      timeout: shellLimitMs,
      killSignal: 'SIGKILL',
    });
    return stdout.split(mark)[1] || undefined;
  } catch {
    return undefined;
  }
}

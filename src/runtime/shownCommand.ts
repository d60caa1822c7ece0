/** How a command that Codex runs is shown: the script that a shell gets, or else the line as Codex gave it. Pure. */
import { wordsOf } from '../util/shellWords.ts';

/** Shells in system folders. Only the user and the system can put a program there. */
const systemShell =
  /^\/(?:bin|usr\/bin|usr\/local\/bin|opt\/homebrew\/bin|run\/current-system\/sw\/bin)\/(?:ba|z|da|k)?sh$/;

/**
 * The script in a line such as `/bin/bash -lc 'npm test'`: exactly the text that the shell gets. Every other line is returned
 * unchanged, even if it names a shell outside the system folders: a program of that name may do anything.
 * @param line A program and its arguments, quoted for a POSIX shell, as Codex joins them.
 */
export function withoutShell(line: string): string {
  const words = wordsOf(line);
  const [shell = '', option = '', script = ''] = words ?? [];
  if (words?.length !== 3 || !systemShell.test(shell) || !/^-l?c$/.test(option)) return line;
  return script.trim() === '' ? line : script;
}

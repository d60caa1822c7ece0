import { homedir } from 'node:os';
import path from 'node:path';

/** The user's home folder; the root of the disk where the system knows none, as for a user without a passwd entry. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return path.parse(process.cwd()).root;
  }
}

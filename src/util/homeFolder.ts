import { homedir } from 'node:os';
import path from 'node:path';

/** The user's home folder. The root of the disk if the system knows none, for example for a user without a passwd entry. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return path.parse(process.cwd()).root;
  }
}

/** What lets a tool of ours into a test's town: see `accessFile.ts`. */
import { ACCESS_VARIABLE, AccessFiles } from '../../src/town/accessFile.ts';
import { SUPERVISOR_ID } from '../../src/town/keys.ts';

/** @param folder Where the access file is written. @param self By default the supervisor. */
export async function accessTo(
  folder: string,
  { town, url, self = SUPERVISOR_ID }: { town: string; url: string; self?: string | undefined },
): Promise<Record<string, string>> {
  const files = new AccessFiles(folder, town, { kind: 'url', source: 'setting', url });
  return { [ACCESS_VARIABLE]: await files.write(self) };
}

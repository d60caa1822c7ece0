/** Lets one of our tools into a test's town: see `accessFile.ts`. */
import { ACCESS_VARIABLE, AccessFiles } from '../../src/town/accessFile.ts';
import { SUPERVISOR_ID } from '../../src/town/keys.ts';

/** @param folder The folder for the access file. @param self Who acts; by default the supervisor. */
export async function accessTo(
  folder: string,
  { town, url, self = SUPERVISOR_ID }: { town: string; url: string; self?: string | undefined },
): Promise<Record<string, string>> {
  const files = new AccessFiles(folder, town, { kind: 'url', source: 'setting', url });
  return { [ACCESS_VARIABLE]: await files.write(self) };
}

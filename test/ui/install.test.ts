/** The VSIX is what users get: it installs, is listed, and its window comes up. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { EXTENSION_ID } from '../../src/ui/ids.ts';
import { listExtensions } from '../support/editorServer.ts';

import { installedExtension } from '../support/workbench/installedExtension.ts';
import { Workbench } from '../support/workbench/workbench.ts';

describe('the VSIX', () => {
  it('installs and is listed with its version', async () => {
    const manifest = await readFile(path.resolve(import.meta.dirname, '../../package.json'), 'utf8');
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
    assert.deepEqual(await listExtensions(await installedExtension()), [`${EXTENSION_ID}@${version}`]);
  });

  it('comes up in a window, again after a reload and a killed extension host, and leaves nothing running', async () => {
    const workbench = await Workbench.open();
    let alive: readonly unknown[] = [];
    try {
      const first = workbench.extensionHost;
      await workbench.reload();
      assert.notEqual(workbench.extensionHost, first);
      workbench.killExtensionHost();
      await workbench.newExtensionHost();
      await workbench.runCommand('Developer: Show Running Extensions');
      await workbench.page.locator('.runtime-extensions-editor .extension', { hasText: 'Tinytown' }).waitFor();
      await workbench.screenshot('running-extensions');
    } finally {
      await workbench.close();
      alive = workbench.processes();
    }
    assert.deepEqual(alive, []);
  });
});

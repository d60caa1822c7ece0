import assert from 'node:assert/strict';
import { mkdir, realpath, symlink } from 'node:fs/promises';
import path from 'node:path';
import { noExtras, permissionProfile, realFolders } from '../../../src/codex/permissions.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('the permission profile of a thread', () => {
  const extras = { writableRoots: ['/more', '/store/in'], network: true, tmpdir: false, slashTmp: false };

  it('is the workspace without the denied folders', () => {
    assert.deepEqual(permissionProfile('workspace-write', ['/store'], noExtras)?.config, {
      extends: ':workspace',
      filesystem: { '/store': 'deny' },
      network: { enabled: false },
    });
  });

  it('has what the user’s configuration adds, except in the denied folders', () => {
    assert.deepEqual(permissionProfile('workspace-write', ['/store'], extras)?.config, {
      extends: ':workspace',
      filesystem: { ':tmpdir': 'read', ':slash_tmp': 'read', '/more': 'write', '/store': 'deny' },
      network: { enabled: true },
    });
  });

  it('adds nothing to read-only', () => {
    assert.deepEqual(permissionProfile('read-only', ['/store'], extras)?.config, {
      extends: ':read-only',
      filesystem: { '/store': 'deny' },
      network: { enabled: false },
    });
  });

  it('is none where there is no sandbox', () => {
    assert.equal(permissionProfile('danger-full-access', ['/store'], extras), undefined);
  });

  it('has a name that nobody can guess', () => {
    const names = [1, 2].map(() => permissionProfile('read-only', [], noExtras)?.name ?? '');
    assert.notEqual(names[0], names[1]);
    for (const name of names) assert.match(name, /^tinytown-[0-9a-f]{16}$/);
  });

  it('denies folders by their real paths, also those that do not exist yet', async () => {
    const temporary = await tempDir('links');
    try {
      const real = await realpath(temporary.path);
      await mkdir(path.join(real, 'store'));
      await symlink(path.join(real, 'store'), path.join(real, 'link'));
      const folders = [path.join(real, 'link'), path.join(real, 'store'), path.join(real, 'link/new/one')];
      assert.deepEqual(await realFolders(folders), [path.join(real, 'store'), path.join(real, 'store/new/one')]);
    } finally {
      await temporary.remove();
    }
  });
});

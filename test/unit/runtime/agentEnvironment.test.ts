import assert from 'node:assert/strict';
import { agentEnvironment } from '../../../src/runtime/agentEnvironment.ts';

describe('the environment of agents', () => {
  const cases: [what: string, editor: Record<string, string>, expected: Record<string, string>][] = [
    [
      'keeps what is the user’s',
      { PATH: '/bin', HOME: '/h', LANG: 'de_DE.UTF-8' },
      { PATH: '/bin', HOME: '/h', LANG: 'de_DE.UTF-8' },
    ],
    [
      'drops what makes Electron of the editor behave like Node.js',
      { ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ATTACH_CONSOLE: '1' },
      {},
    ],
    [
      'drops what lets a program command the editor',
      { VSCODE_IPC_HOOK_CLI: '/s', VSCODE_PID: '1', VSCODE_CWD: '/' },
      {},
    ],
    [
      'keeps names that only look alike',
      { MY_VSCODE_X: '1', SNAPSHOT: '2', ELECTRONICS: '3' },
      { MY_VSCODE_X: '1', SNAPSHOT: '2', ELECTRONICS: '3' },
    ],
    ['drops what Snap sets', { SNAP: '/snap/code/1', SNAP_NAME: 'code', GDK_PIXBUF_MODULEDIR: '/snap' }, {}],
    [
      'restores what Snap has replaced',
      { GTK_PATH: '/snap/gtk', GTK_PATH_VSCODE_SNAP_ORIG: '/usr/gtk' },
      { GTK_PATH: '/usr/gtk' },
    ],
    ['removes what Snap has added', { XDG_DATA_HOME: '/snap/data', XDG_DATA_HOME_VSCODE_SNAP_ORIG: '' }, {}],
    [
      'restores it in any order',
      { GIO_MODULE_DIR_VSCODE_SNAP_ORIG: '/gio', GIO_MODULE_DIR: '/snap' },
      { GIO_MODULE_DIR: '/gio' },
    ],
    [
      'restores what the editor’s script has set aside',
      { VSCODE_NODE_OPTIONS: '--no-warnings' },
      { NODE_OPTIONS: '--no-warnings' },
    ],
    [
      'drops what lets into the town’s Redis',
      { REDIS_URL: 'redis://me:x@h', TINYTOWN_REDIS_PASSWORD: 'x', TINYTOWN_ACCESS: '/f' },
      {},
    ],
    ['leaves an empty name alone', { _VSCODE_SNAP_ORIG: 'x' }, {}],
  ];
  for (const [what, editor, expected] of cases) {
    it(what, () => assert.deepEqual(agentEnvironment(editor), expected));
  }

  it('hands on everything that the user has set for agents', () => {
    const added = { VSCODE_X: '1', PATH: '/mine' };
    assert.deepEqual(agentEnvironment({ VSCODE_X: '2', PATH: '/bin' }, added), added);
  });
});

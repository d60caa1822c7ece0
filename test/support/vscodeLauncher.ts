#!/usr/bin/env node
/**
 * Stands in for the desktop editor's executable. Takes the arguments from `@vscode/test-electron`, runs the extension's tests in
 * the extension host of a VS Code server whose window is a headless browser, and exits with their code.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../../scripts/setup/browser.ts';
import { startEditorServer } from './editorServer.ts';

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    extensionTestsPath: { type: 'string' },
    extensionDevelopmentPath: { type: 'string', multiple: true },
    'user-data-dir': { type: 'string' },
    'extensions-dir': { type: 'string' },
  },
});

const server = await startEditorServer({
  userData: String(values['user-data-dir']),
  extensionsDir: String(values['extensions-dir']),
  extensionTests: true,
});
const browser = await launchBrowser();
try {
  const page = await browser.newPage();
  const remote = (file: unknown): string => `vscode-remote://${server.authority}${path.resolve(String(file))}`;
  const payload = [
    ...[values.extensionDevelopmentPath ?? []].flat().map((dir) => ['extensionDevelopmentPath', remote(dir)]),
    ['extensionTestsPath', remote(values.extensionTestsPath)],
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  const exited = new Promise<number>((resolve, reject) => {
    server.process.once('exit', (code) => reject(new Error(`The VS Code server ended (${code}); see ${server.log}.`)));
    page.once('crash', () => reject(new Error('The page of the workbench crashed.')));
    page.exposeFunction('codeAutomationExit', resolve).catch(reject);
  });
  // The runner prints the tests' output itself. The workbench only needs this function to exist.
  await page.exposeFunction('codeAutomationLog', () => undefined);
  await page.goto(server.windowUrl(positionals[0], { payload: JSON.stringify(payload) }));
  process.exitCode = await exited;
} finally {
  server.process.removeAllListeners('exit');
  await browser.close();
  await server.stop();
}

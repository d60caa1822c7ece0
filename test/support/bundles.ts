/** The bundles that agents run, built from the current source once per test process. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ToolBundles } from '../../src/loop/townAccess.ts';

const root = path.resolve(import.meta.dirname, '../..');
let built: Promise<ToolBundles> | undefined;

export function builtBundles(): Promise<ToolBundles> {
  built ??= build();
  return built;
}

async function build(): Promise<ToolBundles> {
  await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: root });
  return { mcp: path.join(root, 'dist/mcp.cjs'), tt: path.join(root, 'dist/tt.cjs') };
}

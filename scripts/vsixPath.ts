/** Where the packaged extension is. */
import path from 'node:path';

export const vsixPath = path.resolve(import.meta.dirname, '../tinytown-vscode.vsix');

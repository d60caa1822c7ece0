/** The path of the packaged extension. */
import path from 'node:path';

export const vsixPath = path.resolve(import.meta.dirname, '../tinytown-vscode.vsix');

/** What the runner tells the extension host, by its environment. */

/** A file that takes mocha's output: the editor's own ways to the terminal lose lines at the end. */
export const HOST_OUTPUT = 'TINYTOWN_HOST_OUTPUT';

/** Only tests whose full title contains this. */
export const HOST_GREP = 'TINYTOWN_HOST_GREP';

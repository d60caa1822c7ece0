/** The extension's version, which the bundler inserts. */
declare const TINYTOWN_VERSION: string | undefined;

export const version = typeof TINYTOWN_VERSION === 'string' ? TINYTOWN_VERSION : '0.0.0';

/** A script is imported as its text: by esbuild's text loader, or under plain Node by test/support/luaHook.mjs. */
declare module '*.lua' {
  const source: string;
  export default source;
}

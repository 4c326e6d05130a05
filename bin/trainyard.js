#!/usr/bin/env node
// Plain JavaScript without any import first: a Node that is too old must come far enough to say so.
const [major] = process.versions.node.split('.');
if (Number(major) >= 24) await run();
else if (!(await import('./own-node.js')).runWithOwnNode()) {
  console.error(
    `trainyard: this is Node ${process.versions.node}; Trainyard needs Node 24 or newer.`,
  );
  process.exit(2);
}

async function run() {
  // The cache before all else: Node then loads what it compiled last time, and not even the part of
  // itself that strips types. In a folder of the user's, since others could write to Node's default one.
  const { enableCompileCache } = await import('node:module');
  const { XDG_CACHE_HOME = '', HOME = '' } = process.env;
  const caches = XDG_CACHE_HOME.startsWith('/') ? XDG_CACHE_HOME : HOME && `${HOME}/.cache`;
  if (caches) enableCompileCache(`${caches}/trainyard`);
  // Node runs a checkout's TypeScript as it is, but none inside node_modules; and what was built, in a few
  // files instead of 1500, starts in half the time.
  const { isBuilt } = await import('./built.js');
  const { main } = await (isBuilt() ? import('../dist/cli.js') : import('../src/cli/main.ts'));
  await main();
}

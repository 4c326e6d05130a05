#!/usr/bin/env node
// Plain JavaScript without any import first: a Node that is too old must come far enough to say so.
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  console.error(
    `trainyard: this is Node ${process.versions.node}; Trainyard needs Node 24 or newer.`,
  );
  process.exit(2);
}

const { enableCompileCache } = await import('node:module');
enableCompileCache();
const { main } = await load();
await main();

/** Node runs a checkout's TypeScript as it is, but none inside node_modules: a package brings what was built of it. */
async function load() {
  const { existsSync } = await import('node:fs');
  const built = new URL('../dist/cli/main.js', import.meta.url);
  const isInstalled = import.meta.url.includes('/node_modules/');
  return isInstalled && existsSync(built) ? import(built.href) : import('../src/cli/main.ts');
}

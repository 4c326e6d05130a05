#!/usr/bin/env node
// Plain JavaScript without any import first: a Node that is too old must come far enough to say so.
const [major] = process.versions.node.split('.');
if (Number(major) >= 24) await (await import('../dist/main.js')).main();
else if (!(await import('./own-node.js')).runWithOwnNode()) {
  console.error(
    `trainyard-trainer: this is Node ${process.versions.node}; it needs Node 24 or newer.`,
  );
  process.exit(2);
}

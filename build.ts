import { cp, rm } from 'node:fs/promises';

// `npm run build` makes what a package brings, since Node runs no TypeScript inside node_modules: this
// empties dist and copies what is no TypeScript; tsc compiles the rest.
const sources = new URL('src', import.meta.url);
const built = new URL('dist', import.meta.url);

await rm(built, { recursive: true, force: true });
await cp(sources, built, { recursive: true, filter: (file) => !file.endsWith('.ts') });

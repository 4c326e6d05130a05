import { enableCompileCache } from 'node:module';

// JavaScript, and the cache before all else: Node then loads what it compiled last time, and not even the
// part of itself that strips types, which takes about a fifth of the start.
enableCompileCache();
const { serve } = await import('./serve.ts');
await serve();

import { enableCompileCache } from 'node:module';

// Before the rest is imported, so that it is compiled once and not at every start.
enableCompileCache();
const { serve } = await import('./serve.ts');
await serve();

import { enableCompileCache } from 'node:module';

// JavaScript, and the cache before all else, as in main.js.
enableCompileCache();
const { serveTrainer } = await import('./serve-trainer.ts');
await serveTrainer();

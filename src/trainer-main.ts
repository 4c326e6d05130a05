import { enableCompileCache } from 'node:module';

enableCompileCache();
const { serveTrainer } = await import('./serve-trainer.ts');
await serveTrainer();

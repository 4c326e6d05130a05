import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestApp } from './app.ts';
import { deploy, serverSentEvents } from './clients.ts';

/** Runs a job to its end that has made these files, and resolves to its id. */
export async function jobWithOutputs(
  app: TestApp,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  const id = await deploy(app.url, { recipe: 'print', config: { lines: 1 } });
  // Ends when the job is over.
  const updates = 'subscription ($id: ID!) { jobUpdated(id: $id) { status } }';
  for await (const { errors } of serverSentEvents(app.url, updates, { id })) {
    if (errors) throw new Error(JSON.stringify(errors));
  }
  for (const [path, content] of Object.entries(files)) {
    const file = outputFile(app, id, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return id;
}

/** Where the training server keeps a file that a job has made. */
export function outputFile(app: TestApp, id: string, path: string): string {
  return join(app.dataDir, 'trainer/jobs', id, 'output', path);
}

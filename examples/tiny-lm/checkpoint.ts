import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import type { Model } from './model.ts';

/**
 * Writes `checkpoint-<step>` into the folder: `model.bin`, all parameters as 32-bit floats, and
 * `config.json`, what else one needs to use them. Whole or not at all. Resolves to its path.
 */
export async function saveCheckpoint(
  folder: string,
  step: number,
  model: Model,
  facts: Record<string, unknown>,
): Promise<string> {
  const path = join(folder, `checkpoint-${step}`);
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const config = { step, shape: model.shape, byteOrder: endianness(), ...facts };
  await writeFile(join(unfinished, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  await writeFile(join(unfinished, 'model.bin'), model.parameters);
  await rm(path, { recursive: true, force: true });
  await rename(unfinished, path);
  return path;
}

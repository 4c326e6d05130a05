import { createHash } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '../../core/errors.ts';
import type { Recipe } from '../../core/recipe.ts';
import { makeFolder } from '../../lib/system/make-folder.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import { writeDurably } from '../disk/private-files.ts';
import { type JobRecord, saveRecord } from '../disk/record.ts';
import type { ExecuteRequest } from './execute-request.ts';

/** The same for equal requests. The token does not count: it may differ when a request is repeated. */
export function digestOf({ job_token: _, ...asked }: ExecuteRequest): string {
  return createHash('sha256').update(canonical(asked)).digest('hex');
}

/**
 * Makes the folder of a new job and saves the job as queued. When it resolves, the job is on the
 * disk. Fails with `BAD_USER_INPUT` if the recipe is unknown or the data set is not there, and leaves
 * nothing then. Fails with `CONFLICT` if the folder holds a job already.
 */
export async function acceptJob(
  request: ExecuteRequest,
  options: {
    folder: JobFolder;
    order: number;
    recipes: Readonly<Record<string, Recipe>>;
    recipeBase: string;
  },
): Promise<JobRecord> {
  const { folder, order, recipes, recipeBase } = options;
  const digest = digestOf(request);
  const { recipe: recipeName = 'default', model_name: model = null, ...config } = request.config;
  const recipe = chooseRecipe(recipeName, recipes);
  if (model !== null && typeof model !== 'string') {
    throw new TrainyardError('BAD_USER_INPUT', 'config.model_name: a text is expected');
  }
  const content = request.dataset_content ?? null;
  const named = request.dataset_path || recipe.dataset || null;
  const datasetPath =
    content !== null
      ? folder.dataset + extensionOf(named)
      : named && (await existing(path.resolve(recipeBase, named)));

  if (await isThere(folder.record)) {
    throw new TrainyardError('CONFLICT', `the folder ${folder.path} holds another job`);
  }
  // A folder without a record is left from a crash: that job was never accepted.
  await rm(folder.path, { recursive: true, force: true });
  makeFolder(folder.path);
  await writeDurably(folder.config, JSON.stringify({ ...recipe.defaults, ...config }));
  if (content !== null && datasetPath !== null) await writeDurably(datasetPath, content);
  await writeFile(folder.log, '', { mode: 0o600 });
  const now = Date.now();
  const record: JobRecord = {
    id: request.execution_id,
    order,
    name: request.name || request.execution_id,
    recipe: String(recipeName),
    modelName: model,
    datasetPath,
    jobToken: request.job_token ?? null,
    digest,
    status: 'queued',
    cancel: null,
    exitCode: null,
    signal: null,
    errorMessage: null,
    logBytes: null,
    step: null,
    totalSteps: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
    updatedAt: now,
  };
  await saveRecord(folder.record, record);
  return record;
}

function chooseRecipe(name: unknown, recipes: Readonly<Record<string, Recipe>>): Recipe {
  const recipe =
    typeof name === 'string' && Object.hasOwn(recipes, name) ? recipes[name] : undefined;
  if (recipe !== undefined) return recipe;
  const known = Object.keys(recipes).join(', ') || 'none';
  const asked = typeof name === 'string' ? `"${name}"` : 'that name';
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `there is no recipe ${asked}; known recipes: ${known}`,
  );
}

async function existing(file: string): Promise<string> {
  if (await isThere(file)) return file;
  const message = `dataset_path: ${file} does not exist on this machine`;
  throw new TrainyardError('BAD_USER_INPUT', message);
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}

/** The file's extension, which loaders of data sets need. */
function extensionOf(name: string | null): string {
  const [extension = ''] = /(?:\.[A-Za-z0-9]{1,10}){1,2}$/.exec(name ?? '') ?? [];
  return extension;
}

function canonical(value: unknown): string {
  try {
    return stringifySorted(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TrainyardError('BAD_USER_INPUT', 'config: nested too deeply', { cause });
  }
}

function stringifySorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TrainyardError } from '../../core/errors.ts';
import { fillTemplate } from '../../core/fill-template.ts';
import type { Recipe } from '../../core/recipe.ts';
import { makeFolder } from '../../lib/system/make-folder.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import { writeDurably } from '../disk/private-files.ts';
import type { JobRecord } from '../disk/record.ts';
import type { RunPlan } from '../disk/run-files.ts';
import { jobEnvironment } from './environment.ts';

/** The part of the server's configuration that a job's process depends on. */
export interface LaunchOptions {
  recipes: Readonly<Record<string, Recipe>>;
  /** The folder where relative paths start. */
  recipeBase: string;
  /** The server's environment. Jobs get its harmless part. */
  baseEnv: NodeJS.ProcessEnv;
  /** The Node that runs the runners. */
  nodePath: string;
  /** The time from a cancel to SIGKILL. */
  graceMs: number;
}

/** Writes the plan of a job. Fails with `BAD_USER_INPUT` if the recipe does not fit this job. */
export async function writePlan(
  folder: JobFolder,
  record: JobRecord,
  options: LaunchOptions,
): Promise<void> {
  const recipe = Object.hasOwn(options.recipes, record.recipe)
    ? options.recipes[record.recipe]
    : undefined;
  if (recipe === undefined) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `the recipe "${record.recipe}" is not configured any more`,
    );
  }
  const cwd = path.resolve(options.recipeBase, recipe.cwd ?? '.');
  if (!(await isFolder(cwd))) {
    throw new TrainyardError('BAD_USER_INPUT', `the recipe's working folder ${cwd} does not exist`);
  }
  makeFolder(folder.output);
  const values: Record<string, unknown> = JSON.parse(await readFile(folder.config, 'utf8'));
  const filling = {
    config: folder.config,
    dataset: record.datasetPath,
    model: record.modelName,
    output: folder.output,
    job: record.id,
    values,
  };
  const own = Object.entries(recipe.env ?? {}).map(([name, value]) => [
    name,
    fillTemplate(value, filling),
  ]);
  const plan: RunPlan = {
    command: recipe.command.map((word) => fillTemplate(word, filling)),
    cwd,
    env: {
      ...jobEnvironment(options.baseEnv),
      PYTHONUNBUFFERED: '1',
      TERM: 'dumb', // the log is a file, so no cursor movements
      COLUMNS: '120',
      ...Object.fromEntries(own),
      ...jobVariables(folder, record),
    },
    graceMs: options.graceMs,
  };
  await writeDurably(folder.plan, JSON.stringify(plan));
}

/** Starts a runner for the job's plan. The output of both goes to the log. */
export function startRunner(
  folder: JobFolder,
  { nodePath }: Pick<LaunchOptions, 'nodePath'>,
): ChildProcess {
  const log = openSync(folder.log, 'a', 0o600);
  // The cache halves the time that a job takes to start. Node adds the folder of its version by itself.
  const compileCache = getCompileCacheDir();
  try {
    return spawn(nodePath, ['--disable-warning=ExperimentalWarning', runnerFile, folder.path], {
      cwd: folder.path,
      env: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(compileCache) },
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** The runner is TypeScript if this file is, else JavaScript that was built from it. */
const runnerFile = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './runner.ts' : './runner.js', import.meta.url),
);

function jobVariables(folder: JobFolder, record: JobRecord): Record<string, string> {
  return {
    JOB_ID: record.id,
    JOB_CONFIG: folder.config,
    JOB_OUTPUT_DIR: folder.output,
    ...(record.modelName === null ? {} : { JOB_MODEL: record.modelName }),
    ...(record.datasetPath === null ? {} : { JOB_DATASET: record.datasetPath }),
    ...(record.jobToken === null ? {} : { JOB_TOKEN: record.jobToken }),
  };
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    return false;
  }
}

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeDurably } from './private-files.ts';

const statuses = ['queued', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;

const time = z.number();

const jobRecordShape = z.object({
  id: z.string(),
  /** Its place in the order of the queue. It grows by one with every job. */
  order: z.number(),
  name: z.string(),
  recipe: z.string(),
  modelName: z.string().nullable(),
  datasetPath: z.string().nullable(),
  /** Null once the job is over. */
  jobToken: z.string().nullable(),
  /** The digest of the request. It tells a repeated request from another one. */
  digest: z.string(),
  status: z.enum(statuses),
  /** Set if a cancel was accepted. The job will be cancelled, and is killed at `killAt` at the latest. */
  cancel: z.object({ killAt: time }).nullable(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  errorMessage: z.string().nullable(),
  /** The log's length once the job is over. Later bytes of the file are not the job's. */
  logBytes: z.number().nullable(),
  /** The last step that the job did, once it is over. */
  step: z.number().nullable(),
  totalSteps: z.number().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  updatedAt: time,
});

/** What the server knows of a job. It is kept in the job's folder. Times are milliseconds since 1970. */
export type JobRecord = z.infer<typeof jobRecordShape>;

export function isOver(record: JobRecord): boolean {
  return ['completed', 'failed', 'cancelled'].includes(record.status);
}

/** Null if the file is not there. Throws if it is damaged. */
export async function loadRecord(file: string): Promise<JobRecord | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return jobRecordShape.parse(JSON.parse(text));
}

/** Saves the record. When it resolves, the record is on the disk. A reader gets the old record or the new one, never a mixture. */
export async function saveRecord(file: string, record: JobRecord): Promise<void> {
  await writeDurably(file, JSON.stringify(record));
}

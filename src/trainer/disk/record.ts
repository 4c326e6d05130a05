import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeDurably } from './private-files.ts';

const statuses = ['queued', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;

const time = z.number();

const jobRecordShape = z.object({
  id: z.string(),
  /** Grows by one with every job: the order of the queue. */
  order: z.number(),
  name: z.string(),
  recipe: z.string(),
  modelName: z.string().nullable(),
  datasetPath: z.string().nullable(),
  /** Until the job is over. */
  jobToken: z.string().nullable(),
  /** Of what was asked: tells a repeated request from another one. */
  digest: z.string(),
  status: z.enum(statuses),
  /** A cancel that was accepted: the job ends as cancelled, and by force at `killAt` at the latest. */
  cancel: z.object({ killAt: time }).nullable(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  errorMessage: z.string().nullable(),
  /** The log's length once the job is over; what comes later is not the job's. */
  logBytes: z.number().nullable(),
  /** How far it came, once it is over. */
  step: z.number().nullable(),
  totalSteps: z.number().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  updatedAt: time,
});

/** What the server knows of a job, as it stands in the job's folder. Times are milliseconds since 1970. */
export type JobRecord = z.infer<typeof jobRecordShape>;

export function isOver(record: JobRecord): boolean {
  return ['completed', 'failed', 'cancelled'].includes(record.status);
}

/** Null where the file is not there; throws where it is damaged. */
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

/** On the disk when it resolves; whoever reads the file meets the old record or the new one, whole. */
export async function saveRecord(file: string, record: JobRecord): Promise<void> {
  await writeDurably(file, JSON.stringify(record));
}

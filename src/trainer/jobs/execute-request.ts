import { z } from 'zod';
import { jobIdPattern } from '../disk/job-folder.ts';

/** The fields that a caller may send. Any other field is dropped. */
export const executeShape = z.object({
  execution_id: z.string().regex(jobIdPattern, '1 to 128 of A-Z a-z 0-9 . _ - and no dot in front'),
  name: z.string().max(500).nullish(),
  config: z.record(z.string(), z.unknown()).default({}),
  dataset_path: z.string().max(4096).nullish(),
  dataset_content: z.string().nullish(),
  user_id: z.union([z.string(), z.number()]).nullish(),
  job_token: z.string().max(8192).nullish(),
});

/** The body of `POST /api/training/execute`. */
export type ExecuteRequest = z.infer<typeof executeShape>;

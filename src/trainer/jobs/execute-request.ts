import { z } from 'zod';
import { findInexact } from '../../lib/text/exact-json.ts';
import { jobIdPattern } from '../disk/job-folder.ts';

/** The fields that a caller may send. Any other field is dropped. */
export const executeShape = z.object({
  execution_id: z.string().regex(jobIdPattern, '1 to 128 of A-Z a-z 0-9 . _ - and no dot in front'),
  name: z.string().max(500).nullish(),
  // `z.record` would drop a key named __proto__.
  config: z
    .custom<Record<string, unknown>>(isObject, 'an object is expected')
    .superRefine((config, context) => {
      const message = findInexact(config, 'config');
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .default({}),
  dataset_path: z.string().max(4096).nullish(),
  dataset_content: z.string().nullish(),
  user_id: z.union([z.string(), z.number()]).nullish(),
  job_token: z.string().max(8192).nullish(),
});

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body of `POST /api/training/execute`. */
export type ExecuteRequest = z.infer<typeof executeShape>;

import type { Job } from '../../core/job.ts';
import type { JobOutput } from '../../core/output.ts';
import { maxOutputs } from '../../jobs/ask/outputs.ts';
import { builder } from '../engine/builder.ts';
import type { GraphContext } from '../engine/context.ts';

const defaultOutputs = 1000;
/** Each list asks a provider. */
const listCost = 20;

export const JobOutputType = builder
  .objectRef<JobOutput & { jobId: string }>('JobOutput')
  .implement({
    description: 'A file that a job has made.',
    fields: (t) => ({
      path: t.exposeString('path', {
        description: "Its path in the job's output folder, with slashes.",
      }),
      bytes: t.exposeFloat('bytes', { description: 'Its size in bytes, a whole number.' }),
      modifiedAt: t.expose('modifiedAt', {
        type: 'DateTime',
        description: 'When it was last written, by the clock of the machine that trains.',
      }),
      url: t.string({
        description:
          'Where it can be fetched at this server: `/jobs/{id}/outputs/{path}`, encoded. It needs the token that the graph needs, and serves ranges.',
        resolve: ({ jobId, path }) =>
          `/jobs/${encodeURIComponent(jobId)}/outputs/${path.split('/').map(encodeURIComponent).join('/')}`,
      }),
    }),
  });

const outputsArgs = builder.args((t) => ({
  limit: t.int({
    defaultValue: defaultOutputs,
    description: `The most files: 1 to ${maxOutputs}. Fewer files than this are the last ones.`,
  }),
  after: t.string({ description: 'Only files behind this path: the last one of the list before.' }),
}));

interface OutputsArgs {
  limit?: number | null | undefined;
  after?: string | null | undefined;
}

/** The arguments, the cost and the resolver of a job's field `outputs`. */
export const outputsField = {
  args: outputsArgs,
  cost: { field: listCost, multiplier: 1 },
  async files(job: Job, { limit, after }: OutputsArgs, { outputs }: GraphContext) {
    const page = { limit: limit ?? defaultOutputs, after: after ?? null };
    const files = await outputs.list(job, page);
    return files.map((file) => ({ ...file, jobId: job.id }));
  },
};

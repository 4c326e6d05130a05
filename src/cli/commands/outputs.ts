import { JobOutputsDocument, type JobOutputsQuery } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode } from '../exit.ts';
import { formatBytes } from '../screen/bytes.ts';
import { renderTable } from '../screen/table.ts';
import { visibleJson } from '../screen/visible.ts';
import type { Api } from '../server/api.ts';
import { findJob } from '../server/find-job.ts';

type Output = NonNullable<NonNullable<JobOutputsQuery['job']>['outputs']>[number];

/** How many files are asked for at a time. */
const pageFiles = 1000;

/** Prints the files that a job has made so far, a page at a time. */
export async function outputs(
  { api, screen }: CommandContext,
  given: string,
  { output }: { output: 'text' | 'json' },
): Promise<number> {
  const { id } = await findJob(api, given);
  let count = 0;
  for await (const files of pagesOf(api, id)) {
    if (output === 'json') await screen.print(files.map(visibleJson).join('\n'));
    else {
      const rows = files.map(({ path, bytes, modifiedAt }) => [
        { text: formatBytes(bytes) },
        { text: modifiedAt, style: 'dim' as const },
        { text: path },
      ]);
      await screen.print(renderTable(screen, ['SIZE', 'MODIFIED', 'PATH'], rows));
    }
    count += files.length;
  }
  if (count === 0) screen.note('it has made no files: a job leaves them in its JOB_OUTPUT_DIR');
  else screen.note(`fetch one with: ${api.hint(`outputs ${id} get PATH`)}`);
  return exitCode.ok;
}

async function* pagesOf(api: Api, id: string): AsyncGenerator<Output[]> {
  let after: string | null = null;
  for (;;) {
    const asked: JobOutputsQuery = await api.ask(JobOutputsDocument, {
      id,
      limit: pageFiles,
      after,
    });
    if (!asked.job) {
      throw new CommandError(exitCode.refused, `NOT_FOUND: the job ${id} has been deleted.`);
    }
    // Null only beside an error, which `ask` has thrown.
    const files = asked.job.outputs ?? [];
    if (files.length > 0) yield files;
    if (files.length < pageFiles) return;
    after = files.at(-1)?.path ?? null;
  }
}

import { JobDocument, type JobFragment } from '@trainyard/client';
import type { Client } from 'graphql-ws/client';
import { isOver } from '../../core/job.ts';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode, exitCodeOf } from '../exit.ts';
import { styleOf } from '../screen/progress.ts';
import type { Choice } from '../stored/choice.ts';
import { endOf } from './job-end.ts';
import { JobView, watchJob } from './job-view.ts';
import type { Label } from './labels.ts';
import { type LineFormat, LinePrinter } from './line-printer.ts';
import { Notices } from './notices.ts';
import { type PrintStreamOptions, printStream } from './print-stream.ts';

type OnRetry = PrintStreamOptions['onRetry'];

export interface OneOfSeveralOptions extends Choice {
  context: CommandContext;
  job: JobFragment;
  label: Label;
  offset: number;
  format: Pick<LineFormat, 'output' | 'time'>;
  /** Called when the row has changed. */
  redraw: () => void;
}

/** One of several jobs that are followed at once. */
export class OneOfSeveral {
  readonly #options: OneOfSeveralOptions;
  readonly #notices: Notices;
  readonly view: JobView;
  #newest: string | null = null;
  #isFollowed = true;

  constructor(options: OneOfSeveralOptions) {
    const { context, job, label, redraw } = options;
    this.#options = options;
    this.#notices = new Notices(context.screen, `${label.name}: `);
    const shown = { notices: this.#notices, redraw, label: `${label.name}: ` };
    this.view = new JobView(context.screen, job, shown);
  }

  /** False once its log is complete, or cannot be followed. */
  get isFollowed(): boolean {
    return this.#isFollowed;
  }

  /** The time of the newest line that came, as the API has it; null before there is one. */
  get newest(): string | null {
    return this.#newest;
  }

  /** The row that shows how far the job is, at most so many characters; null for a job that is over. */
  row(columns: number): string | null {
    const { label } = this.#options;
    if (!this.#isFollowed || isOver(this.view.job.status)) return null;
    return label.prefix + this.view.line(columns - label.width);
  }

  /** Prints the log until it is complete, and how the job ended. Resolves to the exit code that tells this. */
  async follow(client: Client, onRetry: OnRetry, signal: AbortSignal): Promise<number> {
    const { context, label } = this.#options;
    const { screen } = context;
    const done = new AbortController();
    const watching = watchJob(client, this.view, AbortSignal.any([signal, done.signal]));
    try {
      await this.#print(client, onRetry, signal);
      return signal.aborted ? exitCode.ok : await this.#end();
    } catch (error) {
      // The others are followed on.
      if (!(error instanceof CommandError)) throw error;
      screen.note(`${label.name}: ${error.message}`, 'red');
      return error.exitCode;
    } finally {
      this.#isFollowed = false;
      done.abort();
      await watching;
      this.#options.redraw();
    }
  }

  async #print(client: Client, onRetry: OnRetry, signal: AbortSignal): Promise<void> {
    const { context, job, label, offset, filter, matching, format } = this.#options;
    const start = job.startedAt ?? job.createdAt;
    await printStream(context, {
      ...{ client, jobId: job.id, offset, filter, matching, signal, onRetry, bars: null },
      printer: new LinePrinter(context.screen, { ...format, start, label }, this.#notices),
      printed: ({ entries }) => {
        this.#newest = entries.at(-1)?.time ?? this.#newest;
      },
    });
  }

  async #end(): Promise<number> {
    const { context, job, label } = this.#options;
    const { job: ended } = await context.api.ask(JobDocument, { id: job.id });
    if (!ended) {
      throw new CommandError(exitCode.refused, `NOT_FOUND: the job ${job.id} has been deleted.`);
    }
    const end = `${label.name}: ${endOf(ended, context.api.hint)}`;
    context.screen.note(end, styleOf(ended.status));
    return exitCodeOf(ended.status);
  }
}

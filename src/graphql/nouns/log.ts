import {
  type LogFilter,
  type LogGap,
  type LogNotice,
  type logLevels,
  type logSources,
  maxPageLines,
  type progressChoices,
  type progressMarks,
} from '../../core/log.ts';
import { entriesOf, type LogLine, type LogPage } from '../../logs/read/page.ts';
import { builder } from '../engine/builder.ts';
import type { SharedEvents } from '../engine/subscribe.ts';

const LogSourceEnum = builder.enumType('LogSource', {
  description: 'Where a line was written.',
  values: {
    STDOUT: { description: "The job's standard output." },
    STDERR: { description: "The job's standard error." },
    SYSTEM: { description: 'The provider, which reports what it does for the job.' },
  } satisfies Record<(typeof logSources)[number], object>,
});

const LogLevelEnum = builder.enumType('LogLevel', {
  description: 'How severe a line is, by its text, from the least severe to the most severe.',
  values: {
    DEBUG: { description: 'Details for developers.' },
    INFO: { description: 'The normal course of events.' },
    WARNING: { description: 'Something that may be wrong.' },
    ERROR: { description: 'Something that failed.' },
  } satisfies Record<(typeof logLevels)[number], object>,
});

const ProgressMarkEnum = builder.enumType('ProgressMark', {
  description: 'What a line is of a progress bar, which a job draws again and again in one place.',
  values: {
    DRAWN_OVER: { description: 'A state that the job has drawn over, or still may draw over.' },
    LAST: { description: 'The state in which the job has left the bar.' },
  } satisfies Record<(typeof progressMarks)[number], object>,
});

const ProgressChoiceEnum = builder.enumType('ProgressChoice', {
  description: 'Which states of progress bars to show.',
  values: {
    NONE: { description: 'No states.' },
    LAST: {
      description:
        'The last state of each bar. In a page, the newest line of the log is one, too, though the job may still draw over it; a stream has only those that the job has left.',
    },
    ALL: { description: 'All states that are stored: at most two a second of each bar.' },
  } satisfies Record<(typeof progressChoices)[number], object>,
});

export const LogLineType = builder.objectRef<LogLine>('LogLine').implement({
  description: 'One line of a log.',
  fields: (t) => ({
    offset: t.exposeInt('offset', {
      description:
        "The line's number. Lines are numbered from 0 without holes, and the number never changes, except for a line that is still growing.",
    }),
    text: t.exposeString('text', {
      description:
        'The text as the job printed it, without its line end. It may hold escape sequences, so show it as plain text.',
    }),
    time: t.expose('time', {
      type: 'DateTime',
      description:
        'When the line was printed, by the provider; when it was captured where that is not known.',
    }),
    source: t.expose('source', {
      type: LogSourceEnum,
      nullable: true,
      description: 'Where the line was written; null where the provider does not report it.',
    }),
    level: t.expose('level', {
      type: LogLevelEnum,
      nullable: true,
      description: 'How severe the line is; null where its text shows no level.',
    }),
    progress: t.expose('progress', {
      type: ProgressMarkEnum,
      nullable: true,
      description:
        'What the line is of a progress bar; null for every other line, and for lines that were stored by releases that did not keep it.',
    }),
    growing: t.exposeBoolean('growing', {
      description:
        'True while the job is still writing this line, such as a prompt; the text is its beginning. `total` and `nextOffset` do not count such a line, and it comes again when it has ended.',
    }),
  }),
});

const LogGapType = builder.objectRef<LogGap>('LogGap').implement({
  description: 'Lines that are known to be lost.',
  fields: (t) => ({
    offset: t.exposeInt('offset', {
      description: 'The lines were lost right before the line with this number.',
    }),
    reason: t.exposeString('reason', { description: 'Why they were lost, in a sentence.' }),
  }),
});

export const LogNoticeType = builder.objectRef<LogNotice>('LogNotice').implement({
  description: 'Why lines may be missing, and where else to look.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A stable name for the reason, for programs.' }),
    message: t.exposeString('message', { description: 'The reason, in a sentence.' }),
    url: t.exposeString('url', {
      nullable: true,
      description: 'The address of a page where the log can be read; null where there is none.',
    }),
    help: t.exposeStringList('help', { description: 'What a reader can do, step by step.' }),
  }),
});

export const LogPageType = builder.objectRef<LogPage>('LogPage').implement({
  description:
    "A page of one job's log: consecutive lines or, with a filter, those of them that pass it.",
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'The job whose log this is.' }),
    lines: t.exposeStringList('lines', {
      description: 'The text of each line. This costs less than `entries`.',
    }),
    entries: t.field({
      type: [LogLineType],
      description:
        'The same lines with everything that is known about them. A page of `logs` also shows, after the last line of the log, a line that the job has been writing for more than a second: its `growing` is true. Streams do not.',
      resolve: (page) => entriesOf(page),
    }),
    offset: t.exposeInt('offset', {
      description:
        'The number of the first line of this page or, with a filter, of the first line that was searched.',
    }),
    limit: t.exposeInt('limit', { description: 'The most lines that this page could hold.' }),
    total: t.exposeInt('total', { description: 'How many lines the log has now.' }),
    nextOffset: t.exposeInt('nextOffset', {
      description:
        'The offset of the next page. Pass it as `offset` to read on, or to resume a stream.',
    }),
    hasMore: t.exposeBoolean('hasMore', {
      description:
        'True where the log has lines from `nextOffset` on, or may have some but damage hides them.',
    }),
    complete: t.exposeBoolean('complete', {
      description:
        'True where the job is over and its whole log is stored. In a stream this is true for the last page only.',
    }),
    gaps: t.expose('gaps', {
      type: [LogGapType],
      description:
        'The gaps before, between and after the lines of this page, where lines are known to be lost.',
    }),
    notice: t.expose('notice', {
      type: LogNoticeType,
      nullable: true,
      description: 'Why lines may be missing; null where nothing is wrong.',
    }),
  }),
});

export const LogFilterInput = builder.inputType('LogFilter', {
  description:
    'Selects the lines that pass all of these conditions. An absent condition lets all lines pass.',
  fields: (t) => ({
    contains: t.string({
      description:
        'This text is part of the line, without its escape sequences. Case matters. At most 1000 characters.',
    }),
    regex: t.string({
      description:
        'This RE2 expression matches a part of the line, without its escape sequences. `(?i)` ignores case. At most 1000 characters.',
    }),
    exclude: t.string({
      description:
        'This RE2 expression matches no part of the line, without its escape sequences. At most 1000 characters.',
    }),
    minLevel: t.field({
      type: LogLevelEnum,
      description: 'The line has this level or a higher one.',
    }),
    sources: t.field({
      type: [LogSourceEnum],
      description: 'The line was written to one of these.',
    }),
    since: t.field({ type: 'DateTime', description: 'The time of the line is this or later.' }),
    until: t.field({ type: 'DateTime', description: 'The time of the line is before this.' }),
    progress: t.field({
      type: ProgressChoiceEnum,
      description:
        'The line is of no progress bar, or it is one of these states; `ALL` by default.',
    }),
  }),
});

const pageArgs = builder.args((t) => ({
  limit: t.int({ defaultValue: 100, description: `The most lines: 1 to ${maxPageLines}.` }),
  offset: t.int({
    defaultValue: 0,
    description:
      'The number of the first line. A negative one counts from the end: -50 means the last 50 lines.',
  }),
  filter: t.field({ type: LogFilterInput, description: 'Only lines that pass this filter.' }),
}));

interface PageArgs {
  limit?: number | null;
  offset?: number | null;
  filter?: LogFilter | null;
}

/** A page's cost grows with its limit: 5000 lines cost 500, and each field that is selected of the page 50 more. */
function pageCost({ limit }: PageArgs) {
  // The resolver refuses a limit out of bounds by name, so its cost must not refuse it before.
  const lines = Math.min(maxPageLines, Math.max(10, limit ?? 100));
  return { field: lines / 10, multiplier: Math.max(1, lines / 100) };
}

function pageRequest({ limit, offset, filter }: PageArgs) {
  return { limit: limit ?? 100, offset: offset ?? 0, filter: filter ?? null, growing: true };
}

/** The `logs` field of a job. */
export const jobLogsField = { pageArgs, pageCost, pageRequest };

builder.queryField('logs', (t) =>
  t.field({
    type: LogPageType,
    nullable: true,
    description:
      "A page of a job's log; null only beside an error. With a filter it holds up to `limit` lines that pass, and one call searches up to a million lines; while `hasMore` is true, read on at `nextOffset`. A page of very long lines ends early.",
    args: { jobId: t.arg.id({ required: true, description: "The job's id." }), ...pageArgs },
    complexity: pageCost,
    resolve: (_root, { jobId, ...args }, { logReader, pace, room }) =>
      logReader.page(jobId, { ...pageRequest(args), pace, room }),
  }),
);

builder.subscriptionField('logStream', (t) =>
  t.field({
    type: LogPageType,
    description:
      "Follows a job's log: the lines that are stored from `offset` on, then new ones as they come. Ends after the page that is `complete`. To resume, pass the last `nextOffset` as `offset`.",
    args: {
      jobId: t.arg.id({ required: true, description: "The job's id." }),
      offset: t.arg.int({
        defaultValue: 0,
        description:
          'The number of the first line. A negative one counts from the end: -50 is `tail -n 50 -f`.',
      }),
      filter: t.arg({ type: LogFilterInput, description: 'Only lines that pass this filter.' }),
    },
    complexity: () => pageCost({ limit: 1000 }),
    extensions: { shared: { apartFrom: 'offset' } satisfies SharedEvents },
    subscribe: (_root, { jobId, offset, filter }, { liveLogs, pace }) =>
      liveLogs.follow(jobId, { offset: offset ?? 0, filter: filter ?? null, pace }),
    resolve: (page) => page,
  }),
);

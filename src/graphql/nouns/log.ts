import {
  type LogFilter,
  type LogGap,
  type LogNotice,
  logLevels,
  logSources,
  maxPageLines,
} from '../../core/log.ts';
import { entriesOf, type LogLine, type LogPage } from '../../logs/read/page.ts';
import { builder } from '../engine/builder.ts';
import type { SharedEvents } from '../engine/subscribe.ts';

const LogSourceEnum = builder.enumType('LogSource', {
  description: 'Where a line was written.',
  values: logSources,
});

const LogLevelEnum = builder.enumType('LogLevel', {
  description: 'How much a line matters, as far as its text tells; in rising order.',
  values: logLevels,
});

const LogLineType = builder.objectRef<LogLine>('LogLine').implement({
  description: 'One line of a log.',
  fields: (t) => ({
    offset: t.exposeInt('offset', {
      description:
        "The line's number, from 0, without holes. It never changes, but for a line that is still growing.",
    }),
    text: t.exposeString('text', {
      description:
        'The text as the job printed it, without its line end. It may hold colour codes: show it as text, never run it.',
    }),
    time: t.expose('time', {
      type: 'DateTime',
      description: 'When the provider says it was printed, else when it was captured.',
    }),
    source: t.expose('source', {
      type: LogSourceEnum,
      nullable: true,
      description: 'Null where the provider does not tell.',
    }),
    level: t.expose('level', {
      type: LogLevelEnum,
      nullable: true,
      description: 'Null where the text names no level.',
    }),
    growing: t.exposeBoolean('growing', {
      description:
        'The job is still writing this line, such as a prompt: its text is what there is so far. `total` and `nextOffset` do not count it, and it comes again when it has ended.',
    }),
  }),
});

const LogGapType = builder.objectRef<LogGap>('LogGap').implement({
  description: 'Lines known to be lost at the source.',
  fields: (t) => ({
    offset: t.exposeInt('offset', { description: 'They were lost right before this line.' }),
    reason: t.exposeString('reason', { description: 'How they were lost.' }),
  }),
});

const LogNoticeType = builder.objectRef<LogNotice>('LogNotice').implement({
  description: 'Why lines may be missing, and where else to look.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A stable name for the reason.' }),
    message: t.exposeString('message', { description: 'The reason, in a sentence.' }),
    url: t.exposeString('url', { nullable: true, description: 'Where the log can be seen.' }),
    help: t.exposeStringList('help', { description: 'What to do, step by step.' }),
  }),
});

export const LogPageType = builder.objectRef<LogPage>('LogPage').implement({
  description: "A stretch of one job's log.",
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'The job whose log this is.' }),
    lines: t.exposeStringList('lines', { description: 'The text alone: the cheap way.' }),
    entries: t.field({
      type: [LogLineType],
      description:
        'The same lines with all that is known of them. Behind the last line of the log, a page (not a stream) shows the line that the job is writing, where that takes it more than a second: its `growing` is true.',
      resolve: (page) => entriesOf(page),
    }),
    offset: t.exposeInt('offset', {
      description:
        'The number of the first line of this page; with a filter, of the first line looked at.',
    }),
    limit: t.exposeInt('limit', { description: 'The most lines that this page could hold.' }),
    total: t.exposeInt('total', { description: 'Lines in the store now.' }),
    nextOffset: t.exposeInt('nextOffset', {
      description: 'Where to go on: ask for the next page, or resume a stream, with this.',
    }),
    hasMore: t.exposeBoolean('hasMore', {
      description: 'There are stored lines from nextOffset on.',
    }),
    complete: t.exposeBoolean('complete', {
      description:
        'The job is over and the store holds its whole log. In a stream only the last page says so.',
    }),
    gaps: t.expose('gaps', {
      type: [LogGapType],
      description: 'Lines known to be lost at the source, within this page. Never silent.',
    }),
    notice: t.expose('notice', {
      type: LogNoticeType,
      nullable: true,
      description: 'Why lines may be missing, and where else to look.',
    }),
  }),
});

const LogFilterInput = builder.inputType('LogFilter', {
  description: 'Which lines to show: those that pass every condition given.',
  fields: (t) => ({
    contains: t.string({
      description:
        'Part of the line without its colours and other escape sequences; case matters. At most 1000 characters.',
    }),
    regex: t.string({
      description:
        'An RE2 expression, found anywhere in the line without its escape sequences; `(?i)` ignores case. At most 1000 characters.',
    }),
    minLevel: t.field({ type: LogLevelEnum, description: 'Lines of this level or above.' }),
    sources: t.field({ type: [LogSourceEnum], description: 'Lines written there.' }),
    since: t.field({ type: 'DateTime', description: 'Lines from this moment on.' }),
    until: t.field({ type: 'DateTime', description: 'Lines before this moment.' }),
  }),
});

const pageArgs = builder.args((t) => ({
  limit: t.int({ defaultValue: 100, description: `The most lines: 1 to ${maxPageLines}.` }),
  offset: t.int({
    defaultValue: 0,
    description: 'The first line; a negative one counts from the end: -50 is the last 50 lines.',
  }),
  filter: t.field({ type: LogFilterInput }),
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
    description:
      "A page of a job's log. With a filter it holds up to `limit` matching lines; one call looks at up to a million lines, and `hasMore` says to go on at `nextOffset`. A page of very long lines ends early.",
    args: { jobId: t.arg.id({ required: true }), ...pageArgs },
    complexity: pageCost,
    resolve: (_root, { jobId, ...args }, { logReader, pace, room }) =>
      logReader.page(jobId, { ...pageRequest(args), pace, room }),
  }),
);

builder.subscriptionField('logStream', (t) =>
  t.field({
    type: LogPageType,
    description:
      'Replays from the offset, then follows. Ends, after a page with complete: true, when the job is over. To resume, ask from the last nextOffset. A negative offset counts from the end: -50 is `tail -n 50 -f`.',
    args: {
      jobId: t.arg.id({ required: true }),
      offset: t.arg.int({ defaultValue: 0 }),
      filter: t.arg({ type: LogFilterInput }),
    },
    complexity: () => pageCost({ limit: 1000 }),
    extensions: { shared: { apartFrom: 'offset' } satisfies SharedEvents },
    subscribe: (_root, { jobId, offset, filter }, { liveLogs, pace }) =>
      liveLogs.follow(jobId, { offset: offset ?? 0, filter: filter ?? null, pace }),
    resolve: (page) => page,
  }),
);

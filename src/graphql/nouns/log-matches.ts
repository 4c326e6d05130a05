import type { TextRange } from '../../logs/read/match-ranges.ts';
import {
  type LogMatch,
  type LogMatches,
  maxAround,
  maxMatches,
} from '../../logs/read/match-reader.ts';
import { builder } from '../engine/builder.ts';
import { LogFilterInput, LogLineType, LogNoticeType } from './log.ts';

const TextRangeType = builder.objectRef<TextRange>('TextRange').implement({
  description: 'A part of a text. Numbers count UTF-16 units, as the strings of JavaScript do.',
  fields: (t) => ({
    start: t.exposeInt('start', { description: 'Where the part begins.' }),
    end: t.exposeInt('end', { description: 'Where it ends: the first unit that is not in it.' }),
  }),
});

const LogMatchType = builder.objectRef<LogMatch>('LogMatch').implement({
  description: 'A line that passes a filter.',
  fields: (t) => ({
    line: t.expose('line', { type: LogLineType, description: 'The line.' }),
    text: t.exposeString('text', {
      description:
        'Its text as it was searched: without escape sequences. `ranges` count in this text.',
    }),
    ranges: t.expose('ranges', {
      type: [TextRangeType],
      description:
        'Where `contains` stands and `regex` matches, in order, joined where they touch; the first 100. Empty for a filter without either.',
    }),
    linesBefore: t.expose('linesBefore', {
      type: [LogLineType],
      description: 'Up to `around` lines right before it, whether they pass the filter or not.',
    }),
    linesAfter: t.expose('linesAfter', {
      type: [LogLineType],
      description: 'Up to `around` lines right behind it.',
    }),
  }),
});

const LogMatchesType = builder.objectRef<LogMatches>('LogMatches').implement({
  description: 'The nearest lines that pass a filter, and how far the search has looked.',
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'The job whose log this is.' }),
    matches: t.expose('matches', {
      type: [LogMatchType],
      description: 'The lines that pass, the nearest first.',
    }),
    searchedFrom: t.exposeInt('searchedFrom', {
      description:
        'The number of the first line that was searched. Going backwards, pass it as `before` to go on.',
    }),
    searchedTo: t.exposeInt('searchedTo', {
      description:
        'The number of the line behind the last one that was searched. Pass one less as `after` to go on.',
    }),
    hasMore: t.exposeBoolean('hasMore', {
      description:
        'True where there are lines further on in this direction that were not searched, whether they pass or not.',
    }),
    total: t.exposeInt('total', { description: 'How many lines the log has now.' }),
    complete: t.exposeBoolean('complete', {
      description: 'True where the job is over and its whole log is stored.',
    }),
    notice: t.expose('notice', {
      type: LogNoticeType,
      nullable: true,
      description: 'Why lines may be missing; null where nothing is wrong.',
    }),
  }),
});

builder.queryField('logMatches', (t) =>
  t.field({
    type: LogMatchesType,
    nullable: true,
    description:
      'The next lines of a log that pass a filter, behind `after`, or the previous ones, before `before`; null only beside an error. One call searches for two seconds and reads up to a million lines; while `hasMore` is true, go on where it ended.',
    args: {
      jobId: t.arg.id({ required: true, description: "The job's id." }),
      filter: t.arg({
        type: LogFilterInput,
        required: true,
        description: 'What to look for; at least one condition.',
      }),
      after: t.arg.int({
        description:
          'Look behind the line with this number. Without `after` and `before`, the search begins at the first line.',
      }),
      before: t.arg.int({
        description:
          'Look backwards, before the line with this number. One beyond the end of the log is the end: 2147483647 finds the last match.',
      }),
      limit: t.arg.int({ defaultValue: 1, description: `The most matches: 1 to ${maxMatches}.` }),
      around: t.arg.int({
        defaultValue: 0,
        description: `The most lines to bring on each side of a match: 0 to ${maxAround}.`,
      }),
    },
    complexity: ({ limit, around }) => {
      const matches = Math.min(maxMatches, Math.max(1, limit ?? 1));
      const lines = matches * (1 + 2 * Math.min(maxAround, Math.max(0, around ?? 0)));
      return { field: 10 + lines / 10, multiplier: Math.max(1, lines / 100) };
    },
    resolve: (_root, { jobId, filter, after, before, limit, around }, context) =>
      context.matchReader.find(jobId, {
        ...{ filter, after: after ?? null, before: before ?? null },
        ...{ limit: limit ?? 1, around: around ?? 0 },
        ...{ pace: context.pace, room: context.room },
      }),
  }),
);

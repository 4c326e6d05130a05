import type { JobFilter } from '../../core/job.ts';
import { searchText } from './job-row.ts';

/** What `matches` binds. Lists are JSON; null lets all jobs pass. */
export interface Matching {
  ids: string | null;
  providers: string | null;
  statuses: string | null;
  recipes: string | null;
  tags: string | null;
  pinned: number | null;
  rerunOf: string | null;
  createdSince: number | null;
  createdUntil: number | null;
  search: string;
}

/** The condition of a filter over `jobs`. Its index `jobs_overview` holds all that this reads, but for `rerunOf`. */
export const matches = `
  (@ids IS NULL OR seq IN (
    SELECT seq FROM jobs AS named WHERE named.id IN (SELECT value FROM json_each(@ids))))
  AND (@providers IS NULL OR provider IN (SELECT value FROM json_each(@providers)))
  AND (@statuses IS NULL OR status IN (SELECT value FROM json_each(@statuses)))
  AND (@recipes IS NULL OR recipe IN (SELECT value FROM json_each(@recipes)))
  AND (@createdSince IS NULL OR created_at >= @createdSince)
  AND (@createdUntil IS NULL OR created_at < @createdUntil)
  AND (@pinned IS NULL OR pinned = @pinned)
  AND (@rerunOf IS NULL OR rerun_of = @rerunOf)
  AND (@tags IS NULL OR NOT EXISTS (
    SELECT 1 FROM json_each(@tags) AS wanted
    WHERE wanted.value NOT IN (SELECT value FROM json_each(jobs.tags))))
  AND (@search = '' OR instr(search, @search) > 0)`;

/** A filter as `matches` binds it. */
export function matchingOf(filter: JobFilter): Matching {
  return {
    ids: listOf(filter.ids),
    providers: listOf(filter.providers),
    statuses: listOf(filter.statuses),
    recipes: listOf(filter.recipes),
    tags: listOf(filter.tags),
    pinned: flagOf(filter.pinned),
    rerunOf: filter.rerunOf ?? null,
    createdSince: filter.createdSince ?? null,
    createdUntil: filter.createdUntil ?? null,
    search: searchText(filter.search ?? ''),
  };
}

function listOf(values: readonly string[] | null | undefined): string | null {
  return values ? JSON.stringify(values) : null;
}

function flagOf(value: boolean | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

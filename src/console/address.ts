/** Where the console is: everything of it lies below, whatever path a reverse proxy has put before it. */
export const root = new URL('..', import.meta.url);

/** The path before every page's, for the router: empty, or `/trainyard`. */
export const base = root.pathname.replace(/\/$/, '');

export const graphAddress = new URL('graphql', root).href;

/** The same endpoint for graphql-ws. */
export const socketAddress = graphAddress.replace(/^http/, 'ws');

/** Where a job's log is text. */
export function logAddress(jobId: string): string {
  return new URL(`jobs/${encodeURIComponent(jobId)}/log`, root).href;
}

/** A job's page, for the router. */
export function jobPath(jobId: string): string {
  return `/jobs/${encodeURIComponent(jobId)}`;
}

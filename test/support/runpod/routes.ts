import { Problem } from './problem.ts';

const paths = [
  { path: '/v2/pods', methods: ['GET', 'POST'], pattern: /^\/v2\/pods$/ },
  { path: '/v2/pods/{id}', methods: ['GET', 'DELETE'], pattern: /^\/v2\/pods\/([^/]+)$/ },
  { path: '/v2/pods/{id}/action', methods: ['POST'], pattern: /^\/v2\/pods\/([^/]+)\/action$/ },
  { path: '/v2/pods/{id}/logs', methods: ['GET'], pattern: /^\/v2\/pods\/([^/]+)\/logs$/ },
] as const;

type Path = (typeof paths)[number];

/** The calls that the stand-in knows, as RunPod's description names them. */
export type RouteName =
  | 'GET /v2/pods'
  | 'POST /v2/pods'
  | 'GET /v2/pods/{id}'
  | 'DELETE /v2/pods/{id}'
  | 'POST /v2/pods/{id}/action'
  | 'GET /v2/pods/{id}/logs';

export interface Match {
  name: RouteName;
  /** The pod that the path names. */
  podId: string | null;
}

const names: ReadonlySet<string> = new Set(
  paths.flatMap(({ path, methods }: Path) => methods.map((method) => `${method} ${path}`)),
);

/** The route of a call; 404 for a path that RunPod does not have, 405 for a method that the path does not take. */
export function matchRoute(method: string, pathname: string): Match {
  for (const { path, methods, pattern } of paths) {
    const found = pattern.exec(pathname);
    if (found === null) continue;
    const name = `${method} ${path}`;
    if (isRouteName(name)) return { name, podId: found[1] ?? null };
    throw new Problem(405, 'The requested method is not allowed for this path.', {
      headers: { Allow: methods.join(', ') },
    });
  }
  throw new Problem(404, 'resource not found');
}

function isRouteName(name: string): name is RouteName {
  return names.has(name);
}

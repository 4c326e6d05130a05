// biome-ignore-all lint/performance/noBarrelFile: what the package `@trainyard/client` consists of
export { GraphError, toGraphError } from './errors.ts';
export { type FollowOptions, followLog } from './follow.ts';
export * from './generated/graphql.ts';
export { type LogList, mergePage } from './merge-page.ts';
export { createSocket } from './socket.ts';

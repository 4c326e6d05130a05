// biome-ignore-all lint/performance/noBarrelFile: what the package `@trainyard/client/urql` consists of
export { type LogList, mergePage } from '../merge-page.ts';
export { socketExchange } from './socket-exchange.ts';

// biome-ignore-all lint/performance/noBarrelFile: what the package `trainyard/urql` consists of
export { type LogList, mergePage } from '../client/merge-page.ts';
export { socketExchange } from './socket-exchange.ts';

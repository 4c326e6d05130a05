// biome-ignore-all lint/performance/noBarrelFile: what the package `@trainyard/client/apollo` consists of
export { appendPage, followIntoCache } from './live.ts';
export { type LogPolicyOptions, logsFieldPolicy, logTypePolicies } from './policies.ts';

import { projectVersion } from '../../lib/system/project.ts';
import { builder } from '../engine/builder.ts';

const version = projectVersion();
const startedAt = Math.round(performance.timeOrigin);

const ServerType = builder.objectRef<object>('Server').implement({
  description: 'The server that answers.',
  fields: (t) => ({
    version: t.string({ description: 'Its version, such as `0.1.0`.', resolve: () => version }),
    now: t.field({
      type: 'DateTime',
      description: 'The time by its clock, by which it counts the ages of jobs and lines.',
      resolve: () => Date.now(),
    }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When it was started.',
      resolve: () => startedAt,
    }),
    needsToken: t.boolean({
      description: 'True where callers must show a token.',
      resolve: (_server, _args, { principal }) => principal.kind === 'token',
    }),
  }),
});

builder.queryField('server', (t) =>
  t.field({
    type: ServerType,
    description: 'The server that answers.',
    resolve: () => ({}),
  }),
);

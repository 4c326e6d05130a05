import type { JobFragment } from '@trainyard/client';
import { moment } from '../parts/format.ts';

/** What a job was deployed with. */
export function Settings({ job }: { job: JobFragment }) {
  const rows: [string, string | null][] = [
    ['Id', job.id],
    ['Provider', `${job.provider.name} (${job.provider.kind.toLowerCase()})`],
    ['Id there', job.externalId],
    ['Recipe', job.recipe],
    ['Model', job.modelName],
    ['Data set', job.datasetPath],
    ['Deployed', moment(job.createdAt)],
    ['Began to train', job.startedAt && moment(job.startedAt)],
    ['Ended', job.finishedAt && moment(job.finishedAt)],
    ['Status there', job.providerStatus],
  ];
  return (
    <div className="settings">
      <dl>
        {rows.map(
          ([name, text]) =>
            text !== null && (
              <div key={name}>
                <dt className="muted">{name}</dt>
                <dd>{text}</dd>
              </div>
            ),
        )}
      </dl>
      <h2>Config</h2>
      <pre>{JSON.stringify(job.config, null, 2)}</pre>
    </div>
  );
}

import { JobOutputsDocument } from '@trainyard/client';
import { root } from '../address.ts';
import { useQuery } from '../graph/use.ts';
import { Ago } from '../parts/ago.tsx';
import { FileLink } from '../parts/file-link.tsx';
import { bytes } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';

/** The most files that are listed. */
const limit = 1_000;

/** What a job has made. */
export function Outputs({ jobId }: { jobId: string }) {
  const { data, error, again } = useQuery(JobOutputsDocument, { id: jobId, limit });
  if (error) return <Problem error={error} again={again} />;
  if (!data) return <p className="muted">Loading …</p>;
  const files = data.job?.outputs ?? [];
  if (files.length === 0) return <p className="muted">The job has made no files so far.</p>;
  return (
    <div className="outputs">
      <table>
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col" className="end">
              Size
            </th>
            <th scope="col" className="end">
              Written
            </th>
          </tr>
        </thead>
        <tbody>
          {files.map((file) => (
            <tr key={file.path}>
              <th scope="row">
                <FileLink
                  address={new URL(file.url.replace(/^\//, ''), root).href}
                  name={file.path.split('/').at(-1) ?? file.path}
                  text={file.path}
                  look="plain"
                />
              </th>
              <td className="end number">{bytes(file.bytes)}</td>
              <td className="end muted">
                <Ago time={file.modifiedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {files.length === limit && <p className="muted">These are the first {limit} files.</p>}
    </div>
  );
}

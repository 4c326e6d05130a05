import { logAddress } from '../address.ts';
import { FileLink } from '../parts/file-link.tsx';

/** The whole log as a file. */
export function Download({ jobId, name }: { jobId: string; name: string }) {
  const file = `${name.replace(/[^\w.-]+/g, '-')}-${jobId}.log`;
  return <FileLink address={logAddress(jobId)} name={file} text="Download" look="button" />;
}

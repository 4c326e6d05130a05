import { useState } from 'react';
import { logAddress } from '../address.ts';
import { asProblem } from '../graph/problem.ts';
import { authorization } from '../graph/session.ts';

/** The whole log as a file. */
export function Download({ jobId, name }: { jobId: string; name: string }) {
  const [said, setSaid] = useState('Download');
  const address = logAddress(jobId);
  const file = `${name.replace(/[^\w.-]+/g, '-')}-${jobId}.log`;
  const headers = authorization();
  if (!headers.Authorization) {
    return (
      <a className="button" href={address} download={file}>
        Download
      </a>
    );
  }
  // A link cannot send the token.
  const fetchFile = async () => {
    setSaid('Loading …');
    try {
      const response = await fetch(address, { headers });
      if (!response.ok) throw new Error(`The server answers ${response.status}.`);
      const url = URL.createObjectURL(await response.blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      setSaid('Download');
    } catch (error) {
      setSaid(`Download failed: ${asProblem(error).message}`);
    }
  };
  return (
    <button type="button" onClick={() => void fetchFile()}>
      {said}
    </button>
  );
}

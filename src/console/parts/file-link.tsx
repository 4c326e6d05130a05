import { useState } from 'react';
import { asProblem } from '../graph/problem.ts';
import { authorization } from '../graph/session.ts';

interface FileLinkProps {
  address: string;
  /** What the file is called where it is saved. */
  name: string;
  text: string;
  look: 'button' | 'plain';
}

/** Saves a file of the server. With a token, by way of a request that can send it, which a link cannot. */
export function FileLink({ address, name, text, look }: FileLinkProps) {
  const [said, setSaid] = useState('');
  const headers = authorization();
  if (!headers.Authorization) {
    return (
      <a className={look === 'button' ? 'button' : ''} href={address} download={name}>
        {text}
      </a>
    );
  }
  const save = async () => {
    setSaid('Loading …');
    try {
      const response = await fetch(address, { headers });
      if (!response.ok) throw new Error(`the server answers ${response.status}`);
      offer(await response.blob(), name);
      setSaid('');
    } catch (error) {
      setSaid(`Not loaded: ${asProblem(error).message}`);
    }
  };
  return (
    <button type="button" className={look === 'plain' ? 'link' : ''} onClick={() => void save()}>
      {said || text}
    </button>
  );
}

/** How long a file can be taken from the page's memory, in milliseconds. */
const keptMs = 60_000;

function offer(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), keptMs);
}

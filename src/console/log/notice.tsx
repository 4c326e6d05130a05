import type { LogEntriesFragment } from '@trainyard/client';

/** Why lines may be missing, and what one can do. */
export function Notice({ notice }: { notice: NonNullable<LogEntriesFragment['notice']> }) {
  const { message, help, url } = notice;
  return (
    <div className="notice warn">
      <p>{message}</p>
      {help.length > 0 && (
        <details>
          <summary>What to do</summary>
          <ol>
            {help.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </details>
      )}
      {url && (
        <a href={url} target="_blank" rel="noreferrer">
          Look there ↗
        </a>
      )}
    </div>
  );
}

import { useState } from 'react';

/** A text that one can copy with a click. */
export function Copyable({ text }: { text: string }) {
  const [said, setSaid] = useState('Copy');
  const copy = async () => {
    setSaid((await copyText(text)) ? 'Copied' : 'Select it and copy');
    setTimeout(() => setSaid('Copy'), 2_000);
  };
  return (
    <span className="copyable">
      <code>{text}</code>
      <button type="button" onClick={copy} aria-label={`Copy: ${text}`}>
        <span aria-live="polite">{said}</span>
      </button>
    </span>
  );
}

/** Copies; false where the browser refuses. Without HTTPS there is no clipboard, but for the old command. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    const written = navigator.clipboard.writeText(text);
    return written.then(
      () => true,
      () => false,
    );
  }
  const holder = document.createElement('textarea');
  const focused = document.activeElement;
  holder.value = text;
  holder.className = 'unseen';
  document.body.append(holder);
  holder.select();
  const isCopied = document.execCommand('copy');
  holder.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}

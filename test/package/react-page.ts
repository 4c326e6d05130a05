/**
 * A page that mounts an example's component, asks for earlier lines, waits for the end of the job and
 * for its last line, and prints the lines shown: `node react-page.ts MODULE SERVER JOB_ID LAST_LINE`.
 */
import { setTimeout } from 'node:timers/promises';
import { Window } from 'happy-dom';

const [module = '', server = '', jobId = '', lastLine = ''] = process.argv.slice(2);
const window = new Window({ url: 'http://localhost:5173/' });
const { document } = window;
Object.assign(globalThis, { window, document });

const { mount } = await import(new URL(module, import.meta.url).href);
mount(document.body, { server, jobId });

async function shown(selector: string, text = '') {
  for (;;) {
    const element = document.querySelector(selector);
    if (element?.textContent.includes(text)) return element;
    await setTimeout(5);
  }
}

const button = await shown('button', 'Earlier lines');
const before = document.querySelector('pre')?.textContent.split('\n')[0];
button.dispatchEvent(new window.Event('click', { bubbles: true }));
while (document.querySelector('pre')?.textContent.startsWith(`${before}\n`)) await setTimeout(5);
await shown('p', 'The job is over.');
// A page of earlier lines, too, can say that the job is over: the last ones may still be coming.
console.log((await shown('pre', lastLine)).textContent);
process.exit();

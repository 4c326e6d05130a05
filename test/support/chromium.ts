import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { openFolder } from './folder.ts';

/** The path of this machine's Chromium; null where there is none. */
export function findChromium(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = folders.flatMap((folder) => [join(folder, 'chromium'), join(folder, 'chrome')]);
  return paths.find(isExecutable) ?? null;
}

export interface TestBrowser extends AsyncDisposable {
  readonly page: Page;
  /** Every host that the page has asked for anything, sockets included. */
  readonly hosts: ReadonlySet<string>;
  /** What went wrong in the page: errors, and whatever its security policy has stopped. */
  readonly complaints: readonly string[];
}

/** A Chromium with an empty profile and one page. It reaches this machine alone. */
export async function openBrowser(executablePath: string): Promise<TestBrowser> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await openFolder());
  const context = opened.adopt(
    await chromium.launchPersistentContext(folder.path, {
      executablePath,
      headless: true,
      viewport: { width: 1280, height: 800 },
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ],
    }),
    (it) => it.close(),
  );
  const [page = await context.newPage()] = context.pages();
  const hosts = new Set<string>();
  const complaints: string[] = [];
  context.on('request', (request) => note(hosts, request.url()));
  page.on('websocket', (socket) => note(hosts, socket.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('worker', (worker) => {
    worker.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  });
  const parts = opened.move();
  return { page, hosts, complaints, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** What a page makes of its own text, such as a worker, comes from no host. */
function note(hosts: Set<string>, address: string): void {
  const { protocol, host } = new URL(address.replace(/^blob:/, ''));
  if (protocol !== 'data:') hosts.add(host);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

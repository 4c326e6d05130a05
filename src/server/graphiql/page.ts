import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { tabs } from './tabs.ts';

interface Page {
  html: Buffer;
  /** The page's scripts as a content security policy names them: by their hashes. */
  scriptSources: readonly string[];
}

const logo = `<svg viewBox="0 0 32 32" width="28" height="28" role="img" aria-label="Trainyard"
><path fill="none" stroke="#e535ab" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"
d="M3 8h11c6 0 5 16 11 16h4M3 16h8M3 24h8M21 8h8"/></svg>`;

// GraphiQL's first animation leaves a tab shifted. The shift shows when the tab gets the focus, so the tab
// would slip away from under the first click.
const css = '.graphiql-tab { transform: none !important; }';

/** GraphiQL as one page that loads nothing from other hosts: it contains everything it needs. */
export async function renderPage(): Promise<Page> {
  // It is loaded on demand: it has 9 MB, and a server that nobody opens in a browser never needs it.
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  const data = {
    logo,
    tabs,
    // The keys are the names by which the editor asks for its workers.
    workers: {
      editorWorkerService: graphiql.editorWorkerService,
      json: graphiql.jsonWorker,
      graphql: graphiql.graphqlWorker,
    },
  };
  const own = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');
  const scripts = [
    await readFile(graphqlWsFile(), 'utf8'),
    await own('before.js'),
    graphiql.js,
    await own('growing-log.js'),
    await own('editors.js'),
    await own('browser.js'),
  ].map(scriptText);
  const html = Buffer.from(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trainyard</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(logo)}">
<style>${graphiql.css}${css}</style>
</head>
<body class="no-focus-outline">
<noscript>GraphiQL needs JavaScript.</noscript>
<div id="root"></div>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
${scripts.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`);
  return {
    html,
    scriptSources: scripts.map((text) => `'sha256-${sha256(text)}'`),
  };
}

/** graphql-ws for browsers, as one script that sets the global `graphqlWs`. */
function graphqlWsFile(): URL {
  const main = createRequire(import.meta.url).resolve('graphql-ws');
  return new URL('../umd/graphql-ws.min.js', pathToFileURL(main));
}

/**
 * A script as it may stand between script tags.
 * https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
 */
function scriptText(text: string): string {
  return text.replace(/<(?=!--|script|\/script)/gi, '\\x3C');
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64');
}

import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { findChromium, openBrowser } from '../support/chromium.ts';
import { graphql, graphSocket, subscribe } from '../support/clients.ts';

const chromium = findChromium();
const skipped = chromium ? '' : ' (SKIPPED, no Chromium here: apt-get install -y chromium)';
const browserTest = test.runIf(chromium);
const patience = { timeout: 120_000 };
const soon = { timeout: 30_000 };
const token = 'a-token-of-the-test';
const authorization = { Authorization: `Bearer ${token}` };

// One test, since a browser and GraphiQL take far longer to start than all that is done with them.
browserTest(
  `a person gives the token, deploys the job that is ready to run, follows it live, pages and lists it${skipped}`,
  patience,
  async () => {
    await using app = await openTestApp({ tokens: [token], embeddedTrainer: { recipes: tinyLm } });
    await using browser = await openBrowser(chromium ?? '');
    const graphiql = new GraphiQL(browser.page);
    await graphiql.open(app.url);

    await graphiql.showTab('Follow');
    await graphiql.run();
    await graphiql.answer(/4401 Unauthorized/);

    await graphiql.showTab('Deploy');
    await graphiql.run();
    await graphiql.answer(/UNAUTHENTICATED/);
    await graphiql.write('Headers', authorization);
    await graphiql.run();
    const id = await graphiql.answer(/"id": "(\w+)"/);
    await using _job = cancelled(app, id);

    await graphiql.showTab('Follow');
    await graphiql.write('Headers', authorization);
    await graphiql.holds('Variables', id);
    await graphiql.run();
    const seen = Number(await graphiql.answer(/loss[\s\S]*"nextOffset": (\d+)/));
    // The same subscription shows later lines without being asked again, below those that were there.
    await expect
      .poll(async () => Number(await graphiql.answer(/"nextOffset": (\d+)/)), soon)
      .toBeGreaterThan(seen + 2);
    await graphiql.run(); // stops it
    const answer = JSON.parse(await graphiql.wholeAnswer());
    const { offset, lines, nextOffset } = answer.data.logStream;
    expect(offset).toBeLessThan(seen);
    expect(lines).toHaveLength(nextOffset - offset);

    await graphiql.showTab('Page');
    await graphiql.holds('Variables', id);
    await graphiql.write('Variables', { jobId: id, offset: -2, limit: 2 });
    await graphiql.run();
    await graphiql.answer(/"entries"[\s\S]*"text": ".*loss/);

    await graphiql.showTab('Loss');
    await graphiql.holds('Variables', id);
    await graphiql.run();
    await graphiql.answer(/"points": \[\s*\{\s*"step": \d+/);

    await graphiql.showTab('Jobs');
    await graphiql.run();
    expect(await graphiql.answer(/"node": {\s*"id": "(\w+)"/)).toBe(id);

    await graphiql.showTab('Cancel');
    await graphiql.holds('Variables', id);
    await graphiql.run();
    expect(await graphiql.answer(/"status": "(\w+)"/)).toBe('STOPPING');
    await graphiql.showTab('Failure');
    await graphiql.run();
    await graphiql.answer(/"edges": \[\]/);

    // A job that is deployed later takes the place of the one before.
    await graphiql.showTab('Deploy');
    await graphiql.run();
    const later = await graphiql.answer(new RegExp(`"id": "(?!${id})(\\w+)"`));
    await using _later = cancelled(app, later);
    await graphiql.showTab('Cancel');
    await graphiql.holds('Variables', later);

    await browser.page.reload();
    expect(await graphiql.tabs()).toEqual(titles);
    expect([...browser.hosts]).toEqual([new URL(app.url).host]);
    // Chromium reports each refusal.
    expect(browser.complaints.filter((text) => !text.includes('401'))).toEqual([]);
  },
);

const titles = ['Deploy', 'Follow', 'Page', 'Loss', 'Failure', 'Cancel', 'Jobs'];

/** GraphiQL as a person uses it. */
class GraphiQL {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(`${url}/graphql`);
    await this.#page.locator('.graphiql-query-editor .view-line').first().waitFor();
  }

  async tabs(): Promise<string[]> {
    await this.#page.locator('.graphiql-tab-button').first().waitFor();
    return this.#page.locator('.graphiql-tab-button').allTextContents();
  }

  async showTab(title: string): Promise<void> {
    const tab = this.#page.locator('.graphiql-tab-button', { hasText: title });
    await tab.click();
    // GraphiQL keeps a query when it has taken note of it; earlier, it would run the last one's name.
    await expect
      .poll(() => this.#page.evaluate("localStorage.getItem('trainyard:graphiql:query')"), soon)
      .toMatch(new RegExp(`^(query|mutation|subscription) ${title}\\b`, 'm'));
  }

  /** Replaces what the editor of that name holds. */
  async write(editor: 'Variables' | 'Headers', value: object): Promise<void> {
    await this.#page.getByRole('button', { name: editor, exact: true }).click();
    await this.#page.getByRole('region', { name: editor }).getByRole('code').click();
    await this.#page.keyboard.press('Control+A');
    await this.#page.keyboard.insertText(JSON.stringify(value));
    // The brackets that the editor closes by itself.
    await this.#page.keyboard.press('Control+Shift+End');
    await this.#page.keyboard.press('Delete');
  }

  /** Waits until the editor of that name holds the text. */
  async holds(editor: 'Variables', text: string): Promise<void> {
    await this.#page.getByRole('button', { name: editor, exact: true }).click();
    const lines = this.#page.getByRole('region', { name: editor }).locator('.view-lines').first();
    await expect.poll(() => lines.innerText(), soon).toContain(text);
  }

  /** The answer with what a person would have to scroll to. */
  async wholeAnswer(): Promise<string> {
    return await this.#page.evaluate(
      "monaco.editor.getModels().find(({ uri }) => uri.path.endsWith('response.json')).getValue()",
    );
  }

  /** Starts the operation, or stops it. */
  async run(): Promise<void> {
    await this.#page.locator('.graphiql-execute-button').click();
  }

  /** Waits until the answer looks like this; resolves to the first group. */
  async answer(pattern: RegExp): Promise<string> {
    const lines = this.#page.locator('.graphiql-response .view-lines');
    // The editor shows blanks as no-break spaces. Its lines are blocks, which textContent would join.
    const read = async () => (await lines.innerText()).replaceAll('\u00a0', ' ');
    await expect.poll(read, soon).toMatch(pattern);
    return pattern.exec(await read())?.[1] ?? '';
  }
}

const tinyLm = {
  'tiny-lm': {
    command: [process.execPath, 'examples/tiny-lm/train.ts'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  },
};

/** Ends a job that would otherwise outlive the server. */
function cancelled(app: TestApp, id: string): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      const cancel =
        'mutation ($id: ID!) { cancelJob(input: { jobId: $id, force: true }) { job { id } } }';
      await graphql(app.url, cancel, { id }, authorization);
      using client = graphSocket(app.url, { headers: authorization });
      const updates = 'subscription ($id: ID!) { jobUpdated(id: $id) { status } }';
      for await (const { data } of subscribe(client, updates, { id })) {
        if (data?.jobUpdated.status === 'CANCELLED') return;
      }
    },
  };
}

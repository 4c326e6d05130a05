import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { batch, leasedJob, numbered } from '../store/samples.ts';
import { openFolder } from '../support/folder.ts';
import { LogCapture } from '../support/log-capture.ts';
import { failToStart } from '../support/server-process.ts';

/** Starts the server and expects one line that says why it does not come up. */
async function refusal(env: Record<string, string>): Promise<string> {
  await using folder = await openFolder();
  const dataDir = { TRAINYARD_DATA_DIR: join(folder.path, 'data') };
  const { code, stdout, stderr } = await failToStart({ env: { ...dataDir, ...env } });
  expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
    code: 1,
    stdout: '',
    lines: 1,
  });
  expect(stderr).toMatch(/^trainyard: /);
  return stderr;
}

describe('does not start, and says why in one line', () => {
  test('where the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const said = await refusal({ PORT: String(port) });
    expect(said).toContain(`127.0.0.1:${port} is taken`);
    expect(said).toContain('PORT');
    other.close();
  });

  test('where it would listen beyond this machine without tokens', async () => {
    const said = await refusal({ HOST: '0.0.0.0' });
    expect(said).toContain('HOST is "0.0.0.0"');
    expect(said).toContain('TRAINYARD_TOKENS');
    for (const host of ['::', '192.168.1.1', 'gpu-box.local', '127.0.0.1.evil.example']) {
      const config = readConfig({ HOST: host, TRAINYARD_DATA_DIR: '/nowhere' });
      await expect(openApp(config, new LogCapture().logger)).rejects.toThrow('TRAINYARD_TOKENS');
    }
  });

  test('where a variable is wrong', async () => {
    const said = await refusal({ TRAINYARD_TOKENS: 'not a token' });
    expect(said).toContain('TRAINYARD_TOKENS is (hidden): it must be');
  });

  test('where the data directory cannot be made', async () => {
    await using folder = await openFolder();
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await expect(openIn(join(file, 'data'))).rejects.toThrow(join(file, 'data'));
  });

  test.skipIf(process.getuid?.() === 0)(
    'where the data directory is not ours to write',
    async () => {
      await using folder = await openFolder();
      const dataDir = join(folder.path, 'data');
      await mkdir(dataDir);
      await chmod(dataDir, 0o500);
      await expect(openIn(dataDir)).rejects.toThrow(dataDir);
    },
  );
});

describe('leaves a database that it cannot use as it is', () => {
  test('where it is no database', async () => {
    await using folder = await openFolder();
    const path = join(folder.path, 'trainyard.db');
    await writeFile(path, 'these are not the bytes of a database '.repeat(1000));
    const before = await fingerprint(path);
    expect(await refusal({ TRAINYARD_DATA_DIR: folder.path })).toContain(path);
    expect(await fingerprint(path)).toBe(before);
  });

  test.each(['its first page', 'the middle', 'the end'])('where %s is damaged', async (place) => {
    await using folder = await openFolder();
    const path = join(folder.path, 'trainyard.db');
    await fill(folder.path);
    const { size } = await stat(path);
    if (place === 'the end') await truncate(path, size / 2);
    else if (place === 'the middle') await overwrite(path, { from: size / 3, to: size / 2 });
    else await overwrite(path, { from: 100, to: 5000 });
    const before = await fingerprint(path);
    await expect(openIn(folder.path)).rejects.toThrow(path);
    expect(await fingerprint(path)).toBe(before);
  });
});

/** Opens the server within this process; what it fails with is the line that `trainyard serve` prints. */
function openIn(dataDir: string): Promise<unknown> {
  const config = readConfig({ TRAINYARD_DATA_DIR: dataDir, PORT: '0' });
  return openApp(config, new LogCapture().logger);
}

async function fingerprint(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** A database of a few hundred kilobytes. */
async function fill(dataDir: string): Promise<void> {
  const store = await openSqliteStore({ dataDir, compress: false });
  const { lease } = await leasedJob(store);
  for (let n = 0; n < 20; n += 1) {
    await store.logs.append(lease, batch(numbered(n * 1000, 1000)));
  }
  await store.close();
}

async function overwrite(path: string, { from, to }: { from: number; to: number }): Promise<void> {
  const bytes = Buffer.alloc(Math.floor(to - from), 0x5a);
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, Math.floor(from));
  await file.close();
}

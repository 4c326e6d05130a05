import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { TrainyardError } from '../../../core/errors.ts';

/** The most files, and bytes of them, that are packed. Nothing that fits into a pod's environment comes near this. */
const maxFiles = 1000;
const maxBytes = 4 * 1024 * 1024;

/**
 * Packs files, and folders with their content, as a tar.gz with paths relative to `base`. The same files give the
 * same bytes. Symbolic links and the folders of `leftOut` are left out. Throws `BAD_USER_INPUT` for too much content,
 * and for a path that does not exist or leads out of `base`.
 */
export async function packFiles(base: string, paths: readonly string[]): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let bytes = 0;
  let count = 0;
  for (const file of await listFiles(base, paths)) {
    const content = await readFile(path.join(base, file.name));
    bytes += content.length;
    count += 1;
    if (bytes > maxBytes || count > maxFiles) {
      throw refused(`more than ${maxFiles} files or ${maxBytes / 1024 / 1024} MiB`);
    }
    blocks.push(header(file, content.length), content, padding(content.length));
  }
  return await promisify(gzip)(Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]));
}

interface File {
  /** Relative to the base, with slashes. */
  name: string;
  mode: number;
}

async function listFiles(base: string, paths: readonly string[]): Promise<File[]> {
  const files: File[] = [];
  for (const name of [...paths].sort()) {
    const full = path.resolve(base, name);
    const relative = path.relative(base, full).split(path.sep).join('/');
    if (relative === '..' || relative.startsWith('../'))
      throw refused(`${name} is outside ${base}`);
    const found = await lstat(full).catch((cause: unknown) => {
      throw refused(`${full} is not there`, cause);
    });
    if (found.isFile()) files.push({ name: relative, mode: found.mode & 0o777 });
    if (!found.isDirectory()) continue;
    if (files.length > maxFiles) throw refused(`more than ${maxFiles} files`);
    const inside = (await readdir(full)).filter((entry) => !leftOut.has(entry));
    files.push(
      ...(await listFiles(
        base,
        inside.map((entry) => path.join(relative, entry)),
      )),
    );
  }
  return files;
}

const leftOut = new Set(['.git', 'node_modules', '__pycache__', '.venv']);
const blockBytes = 512;

/** A file's header in the ustar format (POSIX.1-1988). */
function header({ name, mode }: File, size: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number) => {
    block.write(`${value.toString(8).padStart(digits, '0')}\0`, at);
  };
  const { prefix, rest } = splitName(name);
  block.write(rest, 0);
  octal(mode, 100, 7);
  octal(0, 108, 7); // owner
  octal(0, 116, 7); // group
  octal(size, 124, 11);
  octal(0, 136, 11); // time
  block.write('        0', 148); // the checksum counts as spaces; a plain file
  block.write('ustar\u000000', 257);
  block.write(prefix, 345);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  return block;
}

/** Splits a name of over 100 bytes into the two fields that ustar has for it. */
function splitName(name: string): { prefix: string; rest: string } {
  if (Buffer.byteLength(name) <= 100) return { prefix: '', rest: name };
  const slash = name.indexOf('/', name.length - 100);
  const prefix = name.slice(0, Math.max(0, slash));
  const rest = name.slice(slash + 1);
  if (slash > 0 && Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100) {
    return { prefix, rest };
  }
  throw refused(`the path ${name} is too long`);
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

function refused(reason: string, cause?: unknown): TrainyardError {
  return new TrainyardError(
    'BAD_USER_INPUT',
    `The recipe's files cannot be copied to a pod: ${reason}.`,
    {
      cause,
    },
  );
}

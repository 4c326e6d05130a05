import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { weightOf } from './accepted.ts';

const encoders = {
  // Quality 5 takes a quarter of a second for 9 MB, once. Quality 9 takes seven times as long and saves only 5 %.
  br: (body: Buffer) =>
    promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (body: Buffer) => promisify(gzip)(body),
  identity: async (body: Buffer) => body,
};

type Encoding = keyof typeof encoders;

/** What is the same for everyone as long as the process lives. Each encoding of it is made once, at the first request. */
export class StaticBody {
  readonly #body: Buffer;
  readonly #type: string;
  readonly #etag: string;
  readonly #encoded = new Map<Encoding, Promise<Buffer>>();

  constructor(body: Buffer, type: string) {
    this.#body = body;
    this.#type = type;
    this.#etag = `"${createHash('sha256').update(body).digest('base64').slice(0, 22)}"`;
  }

  /** Sends it compressed as the client likes it, or nothing where the client has it already. */
  async send(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('ETag', this.#etag);
    response.appendHeader('Vary', 'Accept-Encoding');
    if (request.headers['if-none-match']?.includes(this.#etag)) {
      response.writeHead(304).end();
      return;
    }
    const encoding = encodingFor(request.headers['accept-encoding']);
    const body = await this.#as(encoding);
    response.writeHead(200, {
      'Content-Type': this.#type,
      'Content-Length': body.length,
      ...(encoding === 'identity' ? {} : { 'Content-Encoding': encoding }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #as(encoding: Encoding): Promise<Buffer> {
    let body = this.#encoded.get(encoding);
    if (!body) {
      body = encoders[encoding](this.#body);
      this.#encoded.set(encoding, body);
      body.catch(() => this.#encoded.delete(encoding));
    }
    return body;
  }
}

function encodingFor(header: string | undefined): Encoding {
  if (weightOf('br', header) > 0) return 'br';
  return weightOf('gzip', header) > 0 ? 'gzip' : 'identity';
}

import { z } from 'zod';
import type { SchemaParts } from '../core/provider-kind.ts';

const text = z.string().min(1);

/** The schemas that settings share, here and in the definitions of kinds. Each error completes "… is VALUE: …". */
export const schemaParts: SchemaParts = {
  z,
  text,
  httpUrl: z
    .url({
      protocol: /^https?$/,
      error: 'it must be an http(s) URL, such as http://127.0.0.1:4100',
    })
    .refine(hasNoPassword, 'it must not hold a name or password; keys have settings of their own'),
  secret: text.regex(/^[\x21-\x7e]+$/, 'it must be printable ASCII without spaces'),
};

function hasNoPassword(value: string): boolean {
  const url = URL.parse(value);
  return url === null || (url.username === '' && url.password === '');
}

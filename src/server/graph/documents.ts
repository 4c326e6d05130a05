import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * The most text of all cached documents, in UTF-16 units. Parsed, validated and compiled, the densest
 * documents take 190 times as much memory: 50 MB.
 */
const maxTextChars = 256 * 1024;
const maxErrorChars = 256 * 1024;

/** Caches for parsed documents and parse errors that are bounded by size, not only by number. */
export function createDocumentCaches() {
  return {
    documentCache: sized<DocumentNode>(maxTextChars),
    errorCache: sized<Error>(maxErrorChars),
  };
}

function sized<V extends object>(maxSize: number): LRUCache<string, V> {
  return new LRUCache({
    max: 1024,
    maxSize,
    // One large document must not push out all others.
    maxEntrySize: maxSize / 16,
    sizeCalculation: (_value, text) => text.length + 1,
  });
}

/**
 * How much a client wants a coding, by its `Accept-Encoding`: from 0 (not at all) to 1, the default for a
 * coding that it names (RFC 9110, 12.5.3).
 */
export function weightOf(coding: string, header = ''): number {
  const weights = new Map(header.toLowerCase().split(',').map(parseWeight));
  return weights.get(coding) ?? weights.get('*') ?? 0;
}

function parseWeight(part: string): [string, number] {
  const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  const q = weight === undefined ? 1 : Number(weight.slice(2));
  return [name, q >= 0 && q <= 1 ? q : 0];
}

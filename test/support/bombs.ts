/** Operations that are small to send and large to answer; each must be refused before it is run. */
export const bombs = {
  aliases: `{ ${times(200, (n) => `a${n}: jobs { totalCount }`)} }`,
  'aliases in a fragment': `{ ...f } fragment f on Query { ${times(31, (n) => `a${n}: jobs { totalCount }`)} }`,
  depth: nested(20),
  'depth of fragments': `{ jobs { edges { node { ...f0 } } } } ${times(8, (n) => `fragment f${n} on Job { provider { jobs { edges { node { ...f${n + 1} } } } } }`)} fragment f8 on Job { id }`,
  tokens: `{ jobs { ${'totalCount '.repeat(3000)} } }`,
  'repeated directives': `{ jobs { totalCount ${'@include(if: true) '.repeat(150)} } }`,
  directives: `{ jobs { totalCount ${'@include(if: true) '.repeat(1000)} } }`,
  'unknown directives': `{ jobs { totalCount ${'@a '.repeat(900)} } }`,
  'a fragment fan': `{ jobs { edges { node { ...f0 } } } } ${times(25, (n) => `fragment f${n} on Job { ...f${n + 1} ...f${n + 1} }`)} fragment f25 on Job { id }`,
  'a fragment fan over lists': `{ jobs(first: 100) { edges { node { ...f0 } } } } ${times(4, (n) => `fragment f${n} on Job { provider { jobs(first: 100) { edges { node { ...f${n + 1} ...f${n + 1} } } } } }`)} fragment f4 on Job { id }`,
  'a fragment cycle':
    '{ jobs { edges { node { ...a } } } } fragment a on Job { ...b } fragment b on Job { ...a }',
  'a wide fan of fragments': `{ jobs { edges { node { ...f0 } } } } ${times(3, (n) => `fragment f${n} on Job { ${`...f${n + 1} `.repeat(300)} }`)} fragment f3 on Job { nope }`,
  lists:
    '{ jobs(first: 100) { edges { node { provider { jobs(first: 100) { edges { node { logs(limit: 5000) { lines } } } } } } } } }',
  pages: `{ jobs(first: 100) { edges { node { logs(limit: 5000) { entries { offset text time source level } } } } } }`,
  'many large pages': '{ jobs(first: 100) { edges { node { logs(limit: 5000) { lines } } } } }',
  'many metrics':
    '{ jobs(first: 100) { edges { node { metrics(maxPoints: 4000) { points { value } } } } } }',
  'many stretches':
    '{ jobs(first: 100) { edges { node { metrics(maxPoints: 2) { stretches(maxStretches: 4000) { count } } } } } }',
  'a field said many times': `{ jobs { ${'nope totalCount '.repeat(950)} } }`,
  'introspection in circles': `{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }`,
};

/** An introspection that is allowed, as wide as the limits let it be. */
export const widestIntrospection = `{ ${times(30, (n) => `a${n}: __schema { types { name fields { name args { name type { name } } type { name fields { name description type { name } } } } } }`)} }`;

function times(count: number, make: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => make(n)).join(' ');
}

function nested(count: number): string {
  const open = 'provider { jobs { edges { node { ';
  return `{ job(id: 1) { ${open.repeat(count)} id ${'} } } } '.repeat(count)} } }`;
}

/**
 * True where a word before a name is the value of another name, or the unit of one: `nan` in
 * `loss: nan acc: 0.5`, `adam` in `optimizer=adam lr: 0.1`, `GiB` in `mem: 8 GiB acc: 0.5`, `tensor(2.5)`.
 * It begins at `start` of the text.
 */
export function isValueWord(text: string, start: number, word: string): boolean {
  if (word.includes('(') && ofNumber.test(word)) return true;
  let at = start - 1;
  while (at > 0 && text.charCodeAt(at) === space) at -= 1;
  const before = text.charCodeAt(at);
  if (before === equals) return true;
  if (before === colon) return value.test(word);
  return before >= zero && before <= nine && unit.test(word);
}

const space = 0x20;
const colon = 0x3a;
const equals = 0x3d;
const zero = 0x30;
const nine = 0x39;

const ofNumber = /^[\w.]+\([-+.\d]/;
const value =
  /^[-+]?(?:nan|inf|infinity|none|null|true|false|n\/a|yes|no|on|off|ok|auto|adamw?|sgd|lion|cosine|linear|constant|[bf][fp]\d+|fp8|float\d+|cuda|[cgt]pu)$/i;
const unit =
  /^(?:[nuµm]?s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?|[kmgt]i?b|bytes|\w+\/(?:s|secs?|it|iter|step))$/i;

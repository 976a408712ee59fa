// Numbers of 6 bits as characters that JSON need not escape, in the order of their codes: texts compare as what they hold.
const CHARACTERS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

const VALUES = new Uint8Array(128);
for (let value = 0; value < CHARACTERS.length; value++) VALUES[CHARACTERS.charCodeAt(value)] = value;

export function characterOf(value: number): string {
  return CHARACTERS.charAt(value);
}

export function valueAt(text: string, at: number): number {
  return VALUES[text.charCodeAt(at)] ?? 0;
}

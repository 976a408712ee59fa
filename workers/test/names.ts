/** Suites share one server, and a server keeps what earlier runs made: every name is new. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID().slice(0, 13)}`;
}

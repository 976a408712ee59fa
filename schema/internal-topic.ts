/** Topics that pipelines make for themselves, by logical name or by that of an incarnation. Users cannot name them (TOP-1). */
export function isInternal(topic: string): boolean {
  return topic.startsWith("__");
}

/** How to end the object that runs now, by its name: an abort works only in the object it belongs to. */
export const aborts = new Map<string, (reason: string) => void>();

/** Topics with a pipeline in the benchmark's Worker. Its name is the topic's. */
export const TOPICS: readonly string[] = Array.from({ length: 16 }, (_, run) => `windows-${run}`);

/** Topics with a pipeline in the benchmark's Worker. Its name is the topic's. */
export const TOPICS: readonly string[] = Array.from({ length: 16 }, (_, run) => `windows-${run}`);

/** The same pipeline again, one for each run. */
export const CATCH_UP_TOPICS: readonly string[] = Array.from({ length: 4 }, (_, run) => `catch-up-${run}`);

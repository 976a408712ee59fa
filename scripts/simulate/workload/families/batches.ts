import { type Family, good, read, out } from "../family.ts";

/** All records of a micro-batch at once. */
export const batches: Family = {
  sources: 1,
  batched: true,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .mapBatch((records, { batchId }) => [{ value: { batchId, ids: records.map(({ value }) => good(value).id) } }])
      .to(out(parts)),
  results: () => [],
};

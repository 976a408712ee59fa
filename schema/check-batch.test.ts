import { expect, test } from "vitest";
import { checkBatch } from "./check-batch.ts";
import { defaultConfig, type TopicConfig } from "./topic-config.ts";

const config: TopicConfig = { ...defaultConfig, timestampAheadMs: 1000, maxRecordBytes: 10 };

test("the settings' bounds are allowed, one more is refused; times only where the client gives them [LOG-13]", () => {
  expect(checkBatch(config, { largestRecordBytes: 10, maxTimestampMs: 6000 }, 5000)).toBeUndefined();
  expect(checkBatch(config, { largestRecordBytes: 11, maxTimestampMs: 0 }, 5000)).toMatchObject({
    code: "record_too_large",
    message: "a record of 11 bytes is above the topic's maxRecordBytes of 10",
  });
  const ahead = { largestRecordBytes: 1, maxTimestampMs: 6001 };
  expect(checkBatch(config, ahead, 5000)).toMatchObject({
    code: "invalid_timestamp",
    message: "timestamp 6001 is more than 1000 ms ahead of the clock",
  });
  expect(checkBatch({ ...config, timestampType: "LogAppendTime" }, ahead, 5000)).toBeUndefined();
});

import { expect, test } from "vitest";
import { alertOf } from "./alert.js";
import { awaitedTopic } from "./awaited-topic.js";
import { parseExact } from "./exact-json.js";

const alert = {
  airport: "ATL",
  flight: { date: "2001/01/10 18:20", delay: 183, distance: 946, origin: "ATL", destination: "BOS" },
  mean: 8.25,
  deviation: 31.5,
};

test("an alert is read, any other value is not [UI-4]", () => {
  const read = {
    airport: "ATL",
    destination: "BOS",
    when: "2001-01-10 18:20",
    delay: 183,
    mean: 8.25,
    deviation: 31.5,
  };
  expect(alertOf(alert)).toEqual(read);
  expect(alertOf(parseExact(JSON.stringify(alert).replace("183", "183.0")))).toEqual(read);
  const others = [null, 1, "x", [], {}, { ...alert, mean: "8" }, { ...alert, flight: null }, { ...alert, airport: 1 }];
  for (const other of others) expect(alertOf(other)).toBeUndefined();
});

test("a value is shown with the digits it was stored with [UI-4]", () => {
  const text = '{"a":12.30,"b":12345678901234567890,"c":[1,-0,1e2],"d":"12.30","__proto__":{"e":1.0}}';
  expect(JSON.stringify(parseExact(text))).toBe(text);
  expect(parseExact('{"n": 1.5}')).toEqual({ n: 1.5 });
});

test("the topic that a pipeline waits for is in its error [UI-13]", () => {
  const error = "waits for topic a.b-c: create it with PUT /v1/topics/a.b-c";
  expect(awaitedTopic([{ state: "running" }, { state: "bootstrapping", error }])).toBe("a.b-c");
  expect(awaitedTopic([{ state: "failed", error }])).toBeUndefined();
});

import { expect, test } from "vitest";
import { mediaTypeOf } from "./media-type.ts";

test("parameters fall away, but a charset other than UTF-8 stays [HTTP-6]", () => {
  expect(mediaTypeOf("application/json")).toBe("application/json");
  expect(mediaTypeOf(' Application/JSON ; charset="UTF-8"; boundary=x')).toBe("application/json");
  expect(mediaTypeOf("application/json;charset=utf8")).toBe("application/json");
  expect(mediaTypeOf("application/json; charset=latin1")).toBe("application/json; charset=latin1");
  expect(mediaTypeOf(undefined)).toBe("");
});

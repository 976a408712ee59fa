import { expect, test, vi } from "vitest";
import { ask, askAll } from "./stubs.ts";

function failing(properties: object): Promise<never> {
  return Promise.reject(Object.assign(new Error("thrown by the runtime"), properties));
}

test("an object that is busy, moving or of an older deploy is overloaded [HTTP-9]", async () => {
  for (const properties of [{ overloaded: true }, { retryable: true }, { durableObjectReset: true }]) {
    expect(await ask(failing(properties))).toMatchObject({ ok: false, code: "overloaded" });
  }
  const missing = Promise.reject(new TypeError('The RPC receiver does not implement the method "drain".'));
  expect(await ask(missing)).toMatchObject({ code: "overloaded" });
});

test("a bug inside an object is internal, and says nothing of it [HTTP-1]", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    const answer = await ask(failing({ remote: true }));
    expect(answer).toMatchObject({ ok: false, code: "internal" });
    expect(JSON.stringify(answer)).not.toContain("thrown by the runtime");
    expect(log).toHaveBeenCalledTimes(1);
  } finally {
    log.mockRestore();
  }
});

test("of several answers the first refusal counts [HTTP-9]", async () => {
  const one = Promise.resolve({ ok: true as const, n: 1 });
  expect(await askAll([one, one])).toEqual({
    ok: true,
    answers: [
      { ok: true, n: 1 },
      { ok: true, n: 1 },
    ],
  });
  expect(await askAll([one, failing({ overloaded: true })])).toMatchObject({ ok: false, code: "overloaded" });
});

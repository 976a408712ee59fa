import { expect, test } from "vitest";
import type { AttachRequest } from "../../schema/rpc/task.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { TaskTable } from "./task-table.ts";

function attaching(incarnation: number): AttachRequest {
  return {
    pipeline: "orders",
    version: 1,
    incarnation,
    from: "earliest",
    input: "orders",
    outputs: {},
    upstreams: [],
    wiring: "",
  };
}

test("a task that has gone leaves its id to no other [ENG-31]", () =>
  inPartitionStorage(({ sql }) => {
    const table = new TaskTable(sql);
    const start = { startOffset: 3, sinks: [], layout: "" };
    const first = table.insert(attaching(4), start);
    table.remove(first);
    const second = table.insert(attaching(5), start);
    expect(second).not.toBe(first);
    expect(table.all()).toMatchObject([{ id: second, incarnation: 5, startOffset: 3, position: 3 }]);
  }));

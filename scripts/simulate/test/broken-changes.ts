import { vi } from "vitest";
import { Outputs } from "../../../durable-objects/catalog/outputs.ts";
import { Loaded } from "../../../durable-objects/partition/loaded.ts";
import { PartitionObject } from "../../../durable-objects/partition-object.ts";
import { RedriveTable } from "../../../durable-objects/sqlite/redrive-table.ts";
import { TaskTable } from "../../../durable-objects/sqlite/task-table.ts";
import { NO_SABOTAGE } from "../sabotage.ts";
import { type Broken, skipping } from "./broken.ts";

/** Engines that do wrong what people ask of pipelines that run. */
export const brokenChanges: readonly Broken[] = [
  {
    what: "a fork is heard before it takes over",
    change: "swap",
    rule: "SIM-6",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { insert } = TaskTable.prototype;
      vi.spyOn(TaskTable.prototype, "insert").mockImplementation(function (this: TaskTable, request, task) {
        return insert.call(this, { ...request, muted: false }, task);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "a fork takes over before the version before it has come as far",
    change: "swap",
    rule: "SIM-6",
    sabotage: () => {
      vi.spyOn(PartitionObject.prototype, "drain").mockResolvedValue({ ok: true });
      return NO_SABOTAGE;
    },
  },
  {
    what: "the version before a fork does not stop for it",
    change: "swap",
    rule: "SIM-12",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { setStopAt } = TaskTable.prototype;
      vi.spyOn(TaskTable.prototype, "setStopAt").mockImplementation(function (this: TaskTable, id, offset) {
        const forked = this.all().some((row) => row.id === id && row.muted);
        if (forked || offset === undefined) setStopAt.call(this, id, offset);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "what a former incarnation had still to deliver is forgotten",
    change: "upgrade",
    rule: "SIM-4",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { detach } = Loaded.prototype;
      vi.spyOn(Loaded.prototype, "detach").mockImplementation(function (this: Loaded, ...given) {
        for (const { task, target } of this.outbox.pending()) this.outbox.drop(task, target);
        detach.apply(this, given);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "rows of former incarnations stay in a table that was to be emptied",
    change: "clear",
    kind: "windows",
    rule: "SIM-13",
    sabotage: skipping('DELETE FROM "p', 1),
  },
  {
    what: "files of former incarnations stay",
    change: "clear",
    kind: "archive",
    rule: "SIM-13",
    sabotage: () => {
      vi.spyOn(Outputs.prototype, "eraseFiles").mockResolvedValue(true);
      return NO_SABOTAGE;
    },
  },
  {
    what: "a dead letter runs as often as it is asked",
    change: "redrive",
    rule: "SIM-6",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { done } = RedriveTable.prototype;
      vi.spyOn(RedriveTable.prototype, "done").mockImplementation(function (this: RedriveTable, task, taken) {
        done.call(this, task, { ...taken, kind: "parked" });
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "a dead letter runs without being journaled",
    change: "redrive",
    rule: "SIM-3",
    sabotage: () => {
      vi.spyOn(TaskTable.prototype, "journalRedrive").mockImplementation(() => undefined);
      return NO_SABOTAGE;
    },
  },
  {
    what: "a redriven batch that a function has seen comes again as another",
    change: "redrive",
    kind: "called",
    rule: "SIM-10",
    sabotage: () => {
      vi.spyOn(RedriveTable.prototype, "called").mockImplementation(() => undefined);
      return NO_SABOTAGE;
    },
  },
  {
    what: "a paused pipeline goes on",
    change: "pause",
    rule: "SIM-7",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { setState } = TaskTable.prototype;
      vi.spyOn(TaskTable.prototype, "setState").mockImplementation(function (this: TaskTable, ...given) {
        if (given[1] !== "paused") setState.apply(this, given);
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "stores that are not those of the state are taken for them",
    change: "misfit",
    rule: "SIM-3",
    sabotage: () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with its object below
      const { all } = TaskTable.prototype;
      vi.spyOn(TaskTable.prototype, "all").mockImplementation(function (this: TaskTable) {
        return all.call(this).map((row) => ({ ...row, layout: "" }));
      });
      return NO_SABOTAGE;
    },
  },
  {
    what: "a pipeline goes on though a topic that it writes was deleted",
    change: "drop",
    rule: "SIM-7",
    sabotage: () => {
      vi.spyOn(PartitionObject.prototype, "fail").mockResolvedValue({ ok: true });
      return NO_SABOTAGE;
    },
  },
];

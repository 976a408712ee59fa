import type { Built } from "../workload/family.ts";
import { incarnations } from "../inspect.ts";
import type { World } from "../world.ts";
import { countedFiles, incarnationOf } from "./files.ts";

/**
 * What former incarnations wrote has gone before anything of the one that runs came, and nothing of them came after: but for
 * a file that was on its way, which the manifest does not count (SIM-13).
 */
export function checkErased(world: World, cleared: readonly Built[]): string[] {
  const live = incarnations(world);
  return cleared.flatMap(({ pipeline }) => {
    const { name, nodes } = pipeline.plan;
    const incarnation = live.get(name) ?? 0;
    return nodes.flatMap((node) => {
      if (node.kind !== "sink") return [];
      if (node.sink.kind === "d1") return tableFailures(world, node.sink.table, incarnation);
      return node.sink.kind === "r2" ? fileFailures(world, node.sink.prefix, incarnation) : [];
    });
  });
}

function tableFailures({ d1 }: World, table: string, incarnation: number): string[] {
  const erased = d1.batches.findLastIndex((queries) => queries.some(({ sql }) => sql === `DELETE FROM "${table}"`));
  if (erased < 0) return [`D1, ${table}: was not emptied`];
  return d1.batches.flatMap((queries, at) => {
    if (!queries.some(({ sql }) => sql.startsWith(`INSERT INTO "${table}"`))) return [];
    const source = queries.find(({ sql }) => sql.startsWith("UPDATE millrace_progress"))?.bindings[0] as string;
    const former = Number(source.split("/")[1]) !== incarnation;
    return former === at < erased
      ? []
      : [`D1, ${table}: rows of ${source} came ${former ? "after" : "before"} it was emptied`];
  });
}

function fileFailures({ r2 }: World, prefix: string, incarnation: number): string[] {
  const listed = r2.listed.get(`${prefix}/`);
  if (listed === undefined) return [`R2, ${prefix}: nobody looked for files to delete`];
  const counted = countedFiles(r2, prefix);
  const files = [...r2.objects].flatMap(([key, put]) => {
    if (!key.startsWith(`${prefix}/`)) return [];
    const former = incarnationOf(key) !== incarnation;
    return former && put <= listed ? [`R2, ${key}: was not deleted`] : [];
  });
  return counted?.join() === `${incarnation}`
    ? files
    : [...files, `R2, ${prefix}: the manifest counts ${counted?.join()}`];
}

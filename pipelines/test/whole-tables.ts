// Tables sent whole and queried, for a test of the engine in workerd.
import { batchSql, manual, type Pipeline, pipeline, session, sliding } from "../../sdk/streams/index.ts";

export const wholeTablePipelines: readonly Pipeline[] = [
  pipeline("whole-visits", ({ stream }) => {
    const clicks = stream("whole-visits-in");
    const grouped = clicks.groupByKey();
    const visits = grouped.windowedBy(session({ gap: "10 seconds", grace: "1 day" })).count({ store: "visits" });
    const recent = grouped.windowedBy(sliding({ difference: "10 seconds", grace: "1 day" })).count({ store: "recent" });
    visits
      .complete()
      .unwindow((count, { start, end }) => [start, end, count])
      .to("whole-visits-out");
    clicks
      .batchSql(batchSql`
        select v.key, v.start, v."end" as until, v.value as clicks,
          (select max(r.value) from ${recent} as r where r.key = v.key) as most
        from ${visits} as v order by v.key, v.start`)
      .to("whole-visits-queried");
  }).trigger(manual()),
];

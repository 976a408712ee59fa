import { hopping, onClose, pipeline, type Pipeline, type NonSessionWindows } from "../../sdk/streams/index.ts";

export function finals(windows: NonSessionWindows): Pipeline {
  return pipeline("finals", ({ stream }) =>
    stream<string>("in")
      .groupByKey()
      .windowedBy(windows)
      .emit(onClose())
      .reduce((text, value) => text + value, { store: "windows" })
      .to("out"),
  );
}

export const hops = hopping({ size: 6, advance: 3, grace: 2 });

/** One event of an event stream (the HTML standard's `text/event-stream`). */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  /** The last `id` so far. */
  readonly id: string | undefined;
}

/** The events in chunks of text, however it is cut; an event that has not come to its end is none. */
export class EventParser {
  #rest = "";
  #type = "";
  #data: string[] = [];
  #id: string | undefined;

  /** `id`: the last one of a stream before, with which this goes on. */
  constructor(id: string | undefined) {
    this.#id = id;
  }

  push(text: string): readonly StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): StreamEvent | undefined {
    if (line !== "") {
      const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
      if (field === "event") this.#type = value;
      if (field === "data") this.#data.push(value);
      if (field === "id") this.#id = value;
      return undefined;
    }
    const [type, data] = [this.#type, this.#data];
    this.#type = "";
    this.#data = [];
    return data.length === 0
      ? undefined
      : { type: type === "" ? "message" : type, data: data.join("\n"), id: this.#id };
  }
}

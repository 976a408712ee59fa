import { type Pipeline, pipeline, type Stream } from "../../sdk/streams/index.ts";
import { TopologyTestDriver } from "../topology-test-driver.ts";

export interface Given {
  readonly side: "left" | "right";
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
}

interface Step {
  readonly given: readonly Given[];
  /** In the notation of the file. */
  readonly results: readonly string[];
}

export type Define = (left: Stream<string | null>, right: Stream<string | null>) => { to(topic: string): void };

/** So that a slice can hold records of both sides. */
function overOneTopic(join: Define): Pipeline {
  return pipeline("kafka", ({ stream }) => {
    const both = stream<Given>("both");
    const side = (name: string): Stream<string | null> =>
      both.filter((each) => each.side === name).mapValues(({ value }) => value);
    join(side("left"), side("right")).to("out");
  });
}

function overTwoTopics(join: Define): Pipeline {
  return pipeline("kafka", ({ stream }) => join(stream("left"), stream("right")).to("out"));
}

/** The cases of kafka-joins.json. */
export class KafkaJoins {
  readonly #cases: { readonly [name: string]: readonly string[] };

  constructor(text: string) {
    this.#cases = (JSON.parse(text) as { readonly cases: { readonly [name: string]: string[] } }).cases;
  }

  /** Names of the cases whose test class begins so. */
  names(prefix: string): readonly string[] {
    return Object.keys(this.#cases).filter((name) => name.startsWith(prefix));
  }

  steps(name: string): readonly Step[] {
    return (this.#cases[name] ?? []).map((line) => {
      const [given = "", results = ""] = line.split("->");
      return { given: words(given).map(givenOf), results: words(results) };
    });
  }

  /** Results of each step, the records of a step in slices of so many, with a crash after each. */
  inSlices(name: string, join: Define, size: number): (readonly string[])[] {
    const driver = new TopologyTestDriver(overOneTopic(join));
    return this.steps(name).map(({ given }) => {
      for (let from = 0; from < given.length; from += size) {
        const records = given.slice(from, from + size);
        driver.pipe(
          "both",
          records.map((value) => ({ key: value.key, value, timestampMs: value.timestampMs })),
        );
        driver.crash();
      }
      return readAll(driver);
    });
  }

  /** Results of each step over two topics, record by record, with a crash after each. */
  overTopics(name: string, join: Define): (readonly string[])[] {
    const driver = new TopologyTestDriver(overTwoTopics(join));
    return this.steps(name).map(({ given }) => {
      for (const { side, ...record } of given) {
        driver.pipe(side, record);
        driver.crash();
      }
      return readAll(driver);
    });
  }
}

function readAll(driver: TopologyTestDriver): string[] {
  if (driver.deadLetters.length > 0) throw new Error(driver.deadLetters[0]?.error);
  return driver.read("out").map(({ key, value, timestampMs }) => `${text(key)}:${text(value)}@${timestampMs}`);
}

function words(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}

function givenOf(word: string): Given {
  const [, side, key, value, at] = /^([LR])([^:]*):(.*)@(\d+)$/.exec(word) ?? [];
  return { side: side === "L" ? "left" : "right", key: orNull(key), value: orNull(value), timestampMs: Number(at) };
}

function orNull(word: string | undefined): string | null {
  return word === undefined || word === "~" ? null : word;
}

function text(part: unknown): string {
  if (part === null) return "~";
  return typeof part === "string" ? part : JSON.stringify(part);
}

import { problemOf, refuse, type Refusal } from "../../schema/error.ts";
import type { Decompress } from "../../schema/record-batch/decode.ts";
import type { Bytes } from "../../schema/record.ts";
import { FakePartition, statusOf, type ProducerRules } from "./fake-partition.ts";

export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Bytes;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Bytes;
}

const CONFIG = {
  retentionMs: -1,
  retentionBytes: -1,
  cleanupPolicy: "delete",
  timestampType: "CreateTime",
  timestampAheadMs: 3_600_000,
  maxRecordBytes: 1_000_000,
} as const;

type Route = (match: readonly string[], request: FakeRequest) => FakeAnswer;

/**
 * The HTTP contract of topics, producing and reading, in memory. `handle` is one request's work at one instant; what
 * happens to it on the way is the network's business.
 */
export class FakeMillrace<State extends { readonly epoch: number }> {
  readonly topics = new Map<string, FakePartition<State>[]>();
  /** `PUT /v1/topics/t` and so on, of every request handled. */
  readonly handled: string[] = [];
  readonly #rules: ProducerRules<State>;
  readonly #decompress: Decompress;
  readonly #routes: readonly (readonly [string, RegExp, Route])[];
  #nextProducerId = 7;

  constructor(rules: ProducerRules<State>, decompress: Decompress) {
    this.#rules = rules;
    this.#decompress = decompress;
    this.#routes = [
      ["GET", /^\/healthz$/, () => json(200, { status: "ok", version: "fake" })],
      ["GET", /^\/v1\/topics$/, () => this.#list()],
      ["PUT", /^\/v1\/topics\/([^/]+)$/, ([topic = ""], { body }) => this.#create(topic, body)],
      ["GET", /^\/v1\/topics\/([^/]+)$/, ([topic = ""]) => this.#describe(topic)],
      ["PATCH", /^\/v1\/topics\/([^/]+)$/, ([topic = ""]) => this.#describe(topic)],
      ["DELETE", /^\/v1\/topics\/([^/]+)$/, ([topic = ""]) => this.#delete(topic)],
      ["POST", /^\/v1\/producers$/, () => json(200, { producerId: this.#nextProducerId++, producerEpoch: 0 })],
      ["GET", /^\/v1\/topics\/([^/]+)\/producers\/(\d+)$/, ([topic = "", id]) => this.#positions(topic, Number(id))],
      ["POST", /^\/v1\/topics\/([^/]+)\/records$/, ([topic = ""], request) => this.#append(topic, request)],
      ["GET", /^\/v1\/topics\/([^/]+)\/partitions\/(\d+)\/records$/, (match, request) => this.#read(match, request)],
    ];
  }

  create(topic: string, partitions: number): FakePartition<State>[] {
    const made = Array.from({ length: partitions }, () => new FakePartition(this.#rules, this.#decompress));
    this.topics.set(topic, made);
    return made;
  }

  partition(topic: string, partition: number): FakePartition<State> {
    const found = this.topics.get(topic)?.[partition];
    if (found === undefined) throw new Error(`the fake has no ${topic}/${partition}`);
    return found;
  }

  handle(request: FakeRequest): FakeAnswer {
    this.handled.push(`${request.method} ${request.url.pathname}`);
    for (const [method, pattern, route] of this.#routes) {
      const match = pattern.exec(request.url.pathname);
      if (match !== null && method === request.method) return route(match.slice(1).map(decodeURIComponent), request);
    }
    return problem(refuse("not_found", `no ${request.method} ${request.url.pathname}`));
  }

  #list(): FakeAnswer {
    const topics = [...this.topics].map(([name, { length: partitions }]) => {
      return { name, topicId: `id-${name}`, partitions, config: CONFIG };
    });
    return json(200, { topics });
  }

  #create(topic: string, body: Bytes): FakeAnswer {
    const { partitions = 1 } = JSON.parse(new TextDecoder().decode(body)) as { partitions?: number };
    const there = this.topics.get(topic);
    if (there !== undefined && there.length !== partitions) {
      return problem(refuse("topic_exists", `topic ${topic} has ${there.length} partitions`));
    }
    if (there === undefined) this.create(topic, partitions);
    const answer = this.#describe(topic);
    return { ...answer, status: there === undefined ? 201 : 200 };
  }

  #describe(topic: string): FakeAnswer {
    const partitions = this.topics.get(topic)?.map(({ logStartOffset, logEndOffset }, partition) => {
      return { partition, logStartOffset, logEndOffset, bytes: 0, lastTimestamp: -1 };
    });
    if (partitions === undefined) return unknownTopic(topic);
    return json(200, { name: topic, topicId: `id-${topic}`, config: CONFIG, heldBy: [], partitions });
  }

  #delete(topic: string): FakeAnswer {
    return this.topics.delete(topic) ? { status: 204, headers: {}, body: new Uint8Array() } : unknownTopic(topic);
  }

  #positions(topic: string, producerId: number): FakeAnswer {
    const partitions = (this.topics.get(topic) ?? []).flatMap((log, partition) => {
      const position = log.position(producerId);
      return position === undefined ? [] : [{ partition, ...position }];
    });
    return json(200, { partitions });
  }

  #append(topic: string, { url, headers, body }: FakeRequest): FakeAnswer {
    const partition = Number(url.searchParams.get("partition"));
    const log = this.topics.get(topic)?.[partition];
    if (log === undefined) return unknownTopic(topic);
    if (headers.get("content-type") !== "application/vnd.kafka.recordbatch") {
      return problem(refuse("unsupported_media_type", "the fake takes RecordBatches"));
    }
    const answer = log.append(body);
    if (!answer.ok) return problem(answer);
    const { baseOffset, lastOffset, duplicate } = answer;
    const offsets: readonly unknown[] = [];
    return json(200, { partition, baseOffset, lastOffset, ...(duplicate ? { duplicate } : {}), offsets });
  }

  #read([topic = "", partition]: readonly string[], { url }: FakeRequest): FakeAnswer {
    const log = this.topics.get(topic)?.[Number(partition)];
    if (log === undefined) return unknownTopic(topic);
    const { searchParams: query } = url;
    const symbols: { readonly [offset: string]: number } = { earliest: log.logStartOffset, latest: log.logEndOffset };
    const time = query.get("timestamp");
    const wanted = query.get("offset") ?? "earliest";
    const offset = time === null ? (symbols[wanted] ?? Number(wanted)) : log.offsetAt(Number(time));
    const answer = log.read(offset, Number(query.get("maxBytes")));
    if (!answer.ok) return problem(answer);
    return {
      status: 200,
      headers: {
        "content-type": "application/vnd.kafka.recordbatch",
        "millrace-start-offset": String(offset),
        "millrace-next-offset": String(answer.nextOffset),
        "millrace-log-start-offset": String(log.logStartOffset),
        "millrace-log-end-offset": String(log.logEndOffset),
      },
      body: joined(answer.batches),
    };
  }
}

export function json(status: number, value: unknown): FakeAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(value)),
  };
}

export function problem(refusal: Refusal, headers: { readonly [name: string]: string } = {}): FakeAnswer {
  const answer = json(statusOf(refusal), problemOf(refusal));
  return { ...answer, headers: { "content-type": "application/problem+json", ...headers } };
}

function unknownTopic(topic: string): FakeAnswer {
  return problem(refuse("unknown_topic", `no topic ${topic}`));
}

function joined(batches: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(batches.reduce((size, batch) => size + batch.length, 0));
  let at = 0;
  for (const batch of batches) {
    bytes.set(batch, at);
    at += batch.length;
  }
  return bytes;
}

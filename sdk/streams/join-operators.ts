import type { PlanKey } from "../../schema/plan.ts";
import { LookupOperators } from "./lookup-operators.ts";
import { GlobalTable } from "./global-table.ts";
import {
  type Bounded,
  type GivenJoin,
  type InnerJoinOptions,
  joinOptions,
  mirroredOptions,
  type OuterJoinOptions,
  type StreamJoinOptions,
  streamJoinOf,
  type Unbounded,
} from "./join.ts";
import type { Stream } from "./stream.ts";
import { Table } from "./table.ts";
import { type GlobalJoinOptions, globalJoinOf, type StreamTableJoinOptions, streamTableJoinOf } from "./table-join.ts";

/** What a stream can be joined with; the overloads say which function and options go with each. */
type Joinable = Stream<unknown, PlanKey> | Table<unknown, string> | GlobalTable<unknown>;
type AnyJoiner = (left: never, right: never, key: never) => unknown;
/** Values of joins are there: a record without one is dropped. */
type Present<Value> = Exclude<Value, null>;

/** The joins of a stream: with a stream, a table, a global table. */
export abstract class JoinOperators<Value, Key extends PlanKey> extends LookupOperators<Value, Key> {
  /**
   * One record for each pair of records of the two streams with the same key and matching times, with the joiner's value
   * and the later of the two times. Times match within a span (`within`, `joinWindows`), in one window of a row of them
   * (`tumbling`), or whatever they are (`unbounded`). Records without a key or a value are dropped and counted. A stream may
   * be joined with itself.
   *
   * @example
   * import { pipeline, within } from "../sdk/streams/index.ts";
   *
   * pipeline("paid", ({ stream }) =>
   *   stream<{ amount: number }>("orders")
   *     .join(
   *       stream<{ paid: number }>("payments"),
   *       (order, payment) => order.amount - payment.paid,
   *       within("1 hour", { grace: "10 minutes" }),
   *     )
   *     .to("open-amounts"),
   * );
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  join<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value>, right: Present<Other>, key: string) => Result,
    how: Bounded | Unbounded | InnerJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result, string>;
  /**
   * Each record of this stream with the row of its key in the table, at the record's time. The row is the one that is there
   * when the record is processed; in a versioned table the one that was there at the record's time. A record without a row
   * goes no further; one without a key or a value is dropped and counted. Changes of the table bring nothing.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("priced", ({ stream, table }) => {
   *   const prices = table<{ euros: number }>("prices", { versioned: { historyRetention: "1 day" } });
   *   stream<{ count: number }>("orders")
   *     .join(prices, (order, price) => order.count * price.euros, { grace: "1 minute" })
   *     .to("order-totals");
   * });
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  join<Row, Result>(
    this: Stream<Value, string | null>,
    table: Table<Row, string>,
    joiner: (value: Present<Value>, row: Present<Row>, key: string) => Result,
    options?: StreamTableJoinOptions,
  ): Stream<Result, string>;
  /**
   * Each record of this stream, under its own key and at its own time, with the row of the global table that `key` names.
   * A record that names no row, or one that is not there, goes no further.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("in-euros", ({ stream, globalTable }) =>
   *   stream<{ amount: number; currency: string }>("orders")
   *     .join(globalTable<number>("rates"), (order, rate) => order.amount * rate, { key: (order) => order.currency })
   *     .to("orders-in-euros"),
   * );
   */
  join<Row, Result>(
    table: GlobalTable<Row>,
    joiner: (value: Present<Value>, row: Present<Row>, key: Key) => Result,
    options: GlobalJoinOptions<Present<Value>, Key>,
  ): Stream<Result, Key>;
  join(other: Joinable, joiner: AnyJoiner, how: object = {}): Stream<never, never> {
    return this.#joinedWith("join", other, { join: "inner", joiner, how });
  }

  /**
   * As `join`, and each record of this stream that matches none comes out once, with null for the other: with a stream when
   * its window has closed, with a table at once, without a key at once.
   *
   * @example
   * import { pipeline, within } from "../sdk/streams/index.ts";
   *
   * pipeline("views", ({ stream }) =>
   *   stream<{ page: string }>("views")
   *     .leftJoin(
   *       stream<{ link: string }>("clicks"),
   *       (view, click) => ({ page: view.page, link: click?.link ?? null }),
   *       within("10 minutes", { grace: "1 minute" }),
   *     )
   *     .to("views-with-clicks"),
   * );
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  leftJoin<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value>, right: Present<Other> | null, key: string | null) => Result,
    how: Bounded | OuterJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result>;
  // oxlint-disable-next-line max-params -- `this` is no parameter
  leftJoin<Row, Result>(
    this: Stream<Value, string | null>,
    table: Table<Row, string>,
    joiner: (value: Present<Value>, row: Present<Row> | null, key: string | null) => Result,
    options?: StreamTableJoinOptions,
  ): Stream<Result>;
  leftJoin<Row, Result>(
    table: GlobalTable<Row>,
    joiner: (value: Present<Value>, row: Present<Row> | null, key: Key) => Result,
    options: GlobalJoinOptions<Present<Value>, Key>,
  ): Stream<Result, Key>;
  leftJoin(other: Joinable, joiner: AnyJoiner, how: object = {}): Stream<never, never> {
    return this.#joinedWith("leftJoin", other, { join: "left", joiner, how });
  }

  /**
   * As `leftJoin` with the streams the other way round: each record of the other stream comes out.
   *
   * @example
   * import { pipeline, within } from "../sdk/streams/index.ts";
   *
   * pipeline("clicks", ({ stream }) =>
   *   stream<{ page: string }>("views")
   *     .rightJoin(
   *       stream<{ link: string }>("clicks"),
   *       (view, click) => ({ page: view?.page ?? null, link: click.link }),
   *       within("10 minutes", { grace: "1 minute" }),
   *     )
   *     .to("clicks-with-views"),
   * );
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  rightJoin<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value> | null, right: Present<Other>, key: string | null) => Result,
    how: Bounded | OuterJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result> {
    const mirrored = mirroredOptions<Present<Value>, Present<Other>>(how);
    return other.joined("rightJoin", this, {
      join: "left",
      joiner: (right: Present<Other>, left: Present<Value> | null, key: string | null) => joiner(left, right, key),
      ...mirrored,
    });
  }

  /**
   * As `join`, and each record of either stream that matches none comes out once, with null for the other.
   *
   * @example
   * import { pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("both", ({ stream }) =>
   *   stream<number>("deposits")
   *     .outerJoin(
   *       stream<number>("withdrawals"),
   *       (deposit, withdrawal) => (deposit ?? 0) - (withdrawal ?? 0),
   *       tumbling({ size: "1 hour", grace: "5 minutes" }),
   *     )
   *     .to("balances"),
   * );
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  outerJoin<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value> | null, right: Present<Other> | null, key: string | null) => Result,
    how: Bounded | OuterJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result> {
    return this.joined("outerJoin", other, { join: "outer", joiner, ...joinOptions(how) });
  }

  /**
   * Records of this stream, unchanged and each once, that match one of the other: when the first match is there, with the
   * later of the two times (Spark's left semi join).
   *
   * @example
   * import { pipeline, within } from "../sdk/streams/index.ts";
   *
   * pipeline("read-mails", ({ stream }) =>
   *   stream("mails").semiJoin(stream("openings"), within("7 days", { grace: 0 })).to("read-mails"),
   * );
   */
  semiJoin<Other>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    how: Bounded | Unbounded | StreamJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Present<Value>, string> {
    return this.joined("semiJoin", other, { join: "semi", ...joinOptions(how) });
  }

  protected joined<Next, NextKey extends PlanKey>(
    word: string,
    other: Stream<unknown, PlanKey>,
    given: GivenJoin,
  ): Stream<Next, NextKey> {
    const { graph, streamAt } = this.place;
    const node = streamJoinOf(given, graph.nextName(word));
    return streamAt(graph.add(word, { ...node, inputs: this.with(other) }));
  }

  /** With a stream or a table: the overloads say what goes with which. */
  #joinedWith<Next, NextKey extends PlanKey>(
    word: string,
    other: Joinable,
    { how, ...given }: { readonly how: object; readonly join: "inner" | "left"; readonly joiner: AnyJoiner },
  ): Stream<Next, NextKey> {
    const { graph, node, streamAt } = this.place;
    if (other instanceof GlobalTable) {
      const inputs = [node, other.nodeIn(graph)] as const;
      return streamAt(graph.add(word, { ...globalJoinOf({ ...given, ...how }), inputs }));
    }
    if (other instanceof Table) {
      const join = streamTableJoinOf({ ...given, ...how }, graph.nextName(word));
      return streamAt(graph.add(word, { ...join, inputs: this.with(other.toStream()) }));
    }
    return this.joined(word, other, { ...given, ...joinOptions(how as Bounded) });
  }
}

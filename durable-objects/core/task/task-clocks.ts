import type { WatermarkDefinition } from "../../../schema/plan.ts";
import { type Cap, Clock, type OperatorClock, type SavedClock, UNCAPPED } from "../operator/clock.ts";
import { HeldClock } from "../operator/held-clock.ts";
import { UnendingClock } from "../operator/unending-clock.ts";
import { WatermarkClock } from "../operator/watermark-clock.ts";
import { closeWhenIdleMs } from "../plan/close-when-idle.ts";
import { isSource, type TaskNode, type TaskPlan } from "../plan/task-plan.ts";
import { waitBefore } from "../plan/watermark-wait.ts";
import type { UndoLog } from "../store/undo-log.ts";
import type { UpstreamTimes } from "./upstream-times.ts";

export interface TaskClocksParts {
  readonly plan: TaskPlan;
  readonly undo: UndoLog;
  readonly upstreams: UpstreamTimes;
  /** Of an earlier life, by operator. */
  readonly clocks: { readonly [operator: string]: SavedClock };
}

/** An operator whose time goes on when nothing comes, and the quiet that it takes, ms. */
export interface ClosesWhenIdle {
  readonly clock: OperatorClock;
  readonly idleMs: number;
}

/** The clock that all operators behind a watermark share, among those of operators: no node has this name. */
const WATERMARK = "watermark:";

/** The clocks of a task: one for each operator that has time, but one for all that stand behind a watermark. */
export class TaskClocks {
  /** By operator, in the order in which they were asked for. */
  readonly byOperator = new Map<string, { readonly saved: SavedClock | undefined }>();
  readonly closing = new Map<string, ClosesWhenIdle>();
  /** Absent where the plan has none. */
  readonly watermark: WatermarkClock | undefined;
  readonly #parts: TaskClocksParts;
  readonly #nodes: ReadonlyMap<string, TaskNode>;
  /** Nodes by which records with a watermark enter, in plan order. */
  readonly #watermarked: readonly TaskNode[];
  readonly #known = new Map<string, OperatorClock>();

  constructor(parts: TaskClocksParts) {
    this.#parts = parts;
    this.#nodes = new Map(parts.plan.nodes.map((node) => [node.name, node]));
    this.#watermarked = parts.plan.nodes.filter((node) => watermarkOf(node) !== undefined);
    this.watermark = this.#watermarkClock();
  }

  /** The clock of a node, with an input for each of its inputs. */
  of(node: TaskNode): OperatorClock {
    const known = this.#known.get(node.name);
    if (known !== undefined) return known;
    const clock = this.#behindWatermark(node) ?? this.#own(node);
    this.#known.set(node.name, clock);
    return clock;
  }

  /** Of a node whose time may go on when nothing comes. */
  closingOf(node: TaskNode): OperatorClock {
    const clock = this.of(node);
    const idleMs = closeWhenIdleMs(node);
    if (idleMs < Infinity) this.closing.set(node.name, { clock, idleMs });
    return clock;
  }

  /** How far the time has come by which something closes or is let go of, of several operators the least; undefined without any. */
  get leastMs(): number | undefined {
    const times = [...this.#known.values()].map((clock) => clock.streamTimeMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Which of the watermark's inputs a node is. */
  inputOf(node: TaskNode): number {
    return this.#watermarked.indexOf(node);
  }

  #own(node: TaskNode): OperatorClock {
    const { undo, clocks } = this.#parts;
    const clock = new Clock(undo, { caps: node.inputs.map((input) => this.#capOf(input)), saved: clocks[node.name] });
    this.byOperator.set(node.name, clock);
    return clock;
  }

  #behindWatermark(node: TaskNode): OperatorClock | undefined {
    const { watermark } = this;
    if (watermark === undefined) return undefined;
    const behind = node.inputs.flatMap((input) => this.#behind(input));
    if (behind.every((each) => watermarkOf(each) === undefined)) return undefined;
    const heldMs = waitBefore(this.#nodes, node);
    if (watermark.movesByBatch && this.#sentWhole(node)) return new UnendingClock(watermark, heldMs);
    return heldMs === 0 ? watermark : new HeldClock(watermark, heldMs);
  }

  /** An aggregate of which all rows are sent with every micro-batch. */
  #sentWhole(node: TaskNode): boolean {
    if (node.kind !== "aggregate" || node.emit === "onClose") return false;
    return this.#parts.plan.nodes.some((each) => each.kind === "complete" && each.storeName === node.store.name);
  }

  #watermarkClock(): WatermarkClock | undefined {
    const [first] = this.#watermarked;
    const definition = first === undefined ? undefined : watermarkOf(first);
    if (definition === undefined) return undefined;
    const inputs = this.#watermarked.map((node) => ({
      delayMs: watermarkOf(node)?.delayMs ?? 0,
      cap: this.#capOf(node.name),
    }));
    const clock = new WatermarkClock(this.#parts.undo, { definition, inputs, saved: this.#parts.clocks[WATERMARK] });
    this.byOperator.set(WATERMARK, clock);
    return clock;
  }

  /** What holds back the time of a node's records: the slowest of the upstreams that they come from. */
  #capOf(name: string): Cap {
    const tags = this.#behind(name).flatMap((node) => (node.kind === "internalSource" ? [node.tag] : []));
    const caps = tags.map((tag) => this.#parts.upstreams.cap(tag)).filter((cap) => cap !== UNCAPPED);
    const [only = UNCAPPED] = caps;
    return caps.length <= 1 ? only : new LeastCap(caps);
  }

  /** A node and all that its records come from, each once. */
  #behind(name: string): readonly TaskNode[] {
    const found = new Set<TaskNode>();
    const visit = (each: string): void => {
      const node = this.#nodes.get(each);
      if (node === undefined || found.has(node)) return;
      found.add(node);
      if (!isSource(node)) for (const input of node.inputs) visit(input);
    };
    visit(name);
    return [...found];
  }
}

class LeastCap implements Cap {
  readonly #caps: readonly Cap[];

  constructor(caps: readonly Cap[]) {
    this.#caps = caps;
  }

  get ms(): number {
    return Math.min(...this.#caps.map(({ ms }) => ms));
  }
}

/** Of records that enter a task here, or pass a watermark here. */
function watermarkOf(node: TaskNode): (WatermarkDefinition & { readonly delayMs: number }) | undefined {
  if (node.kind === "watermark") return node;
  return node.kind === "internalSource" ? node.watermark : undefined;
}

import { CATALOG_NAME, type Env } from "../../durable-objects/env.ts";
import { CatalogObject } from "../../durable-objects/catalog-object.ts";
import { PartitionObject } from "../../durable-objects/partition-object.ts";
import { Plans } from "../../durable-objects/plans.ts";
import type { Plan } from "../../schema/plan.ts";
import type { CatalogRpc } from "../../schema/rpc/catalog.ts";
import { partitionName } from "../../schema/rpc/log.ts";
import type { PartitionRpc } from "../../schema/rpc/partition.ts";
import { Faults } from "./faults.ts";
import { SimulatedD1 } from "./platform/d1.ts";
import { type Caller, Network } from "./platform/network.ts";
import { type Instance, type Life, SimulatedObject } from "./platform/object.ts";
import { SimulatedR2 } from "./platform/r2.ts";
import { NO_SABOTAGE, type Sabotage } from "./sabotage.ts";
import type { Schedule } from "./schedule.ts";
import type { Bundle } from "./workload/changes.ts";
import { NAMES } from "./workload/families/elsewhere.ts";

/** Someone outside: it makes calls and never ends. */
const CLIENT: Caller = { name: "client" };

interface Parts {
  readonly schedule: Schedule;
  readonly faults: Faults;
  /** What is deployed at first. */
  readonly bundle: Bundle;
  readonly sabotage?: Sabotage | undefined;
}

/** A deployment: the objects of the shell as they are, over a simulated platform. */
export class World {
  readonly schedule: Schedule;
  readonly faults: Faults;
  /** Of the bundle that was deployed last: an object runs the one that was there when it woke. */
  plans: Plans;
  /** The first code that was deployed of each version: whatever came later under its number does the same. */
  readonly #deployed = new Map<string, Plan>();
  readonly d1: SimulatedD1;
  readonly r2 = new SimulatedR2();
  readonly #network: Network;
  readonly #sabotage: Sabotage;
  readonly #onLastTry = new Set<SimulatedObject>();
  readonly #objects = new Map<string, SimulatedObject>();

  constructor({ schedule, faults, bundle, sabotage = NO_SABOTAGE }: Parts) {
    this.schedule = schedule;
    this.faults = faults;
    this.plans = new Plans(bundle);
    this.#remember(bundle);
    this.#sabotage = sabotage;
    this.d1 = new SimulatedD1(sabotage);
    this.d1.fill(NAMES);
    this.#network = new Network({ schedule, faults, sabotage });
  }

  /** Calls of the client. */
  get catalog(): CatalogRpc {
    return this.#stub(CLIENT, `catalog ${CATALOG_NAME}`) as CatalogRpc;
  }

  partition(topicId: string, partition: number): PartitionRpc {
    return this.#stub(CLIENT, partitionName(topicId, partition)) as PartitionRpc;
  }

  /** What a Worker has in front of these objects. */
  get env(): Env {
    return this.#envFor(CLIENT);
  }

  pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule.after(pauseMs, { what: `client: a pause of ${pauseMs} ms is over`, run: resolve });
    });
  }

  /** What the call answers; undefined when it fails or nothing has come in that time. */
  within<T>(patienceMs: number, call: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const give = (value: T | undefined): void => {
        stop();
        resolve(value);
      };
      const what = `client: waits no longer, after ${patienceMs} ms`;
      const stop = this.schedule.after(patienceMs, { what, run: () => resolve(undefined) });
      call.then(give, () => give(undefined));
    });
  }

  /** Those that were ever called, by name. */
  get objects(): ReadonlyMap<string, SimulatedObject> {
    return this.#objects;
  }

  /** Takes the next step, and what may go wrong after it. */
  async step(): Promise<boolean> {
    const step = await this.schedule.next();
    if (step === undefined) return false;
    const object = step.owner && this.#objects.get(step.owner.name);
    if (object !== undefined && !this.faults.over) this.#noteLastTry(object);
    if (object?.life !== undefined && this.faults.happens("crash", object.name)) this.#end(object, "a crash");
    if (this.faults.happens("blackout", "all")) {
      for (const each of this.#objects.values()) this.#end(each, "a blackout");
    }
    return true;
  }

  /** Objects get the new code one after another, at their next wake; each is ended for it at some time. */
  deploy(bundle: Bundle): void {
    this.schedule.note("client: DEPLOYS");
    this.plans = new Plans(bundle);
    this.#remember(bundle);
    for (const object of this.#objects.values()) this.#replace(object, this.faults.deployMs(object.name));
  }

  /** Of all that was ever deployed. */
  get everyPlan(): Plans {
    return new Plans([...this.#deployed.values()]);
  }

  #remember(bundle: Bundle): void {
    for (const plan of bundle) {
      const name = `${plan.name} ${plan.version}`;
      if (!this.#deployed.has(name)) this.#deployed.set(name, plan);
    }
  }

  #replace(object: SimulatedObject, afterMs: number): void {
    this.schedule.after(afterMs, {
      what: `${object.name}: a deploy reaches it`,
      owner: { alive: true, name: object.name },
      run: () => {
        if (!this.#end(object, "a deploy")) this.#replace(object, 1_000);
      },
    });
  }

  close(): void {
    for (const object of this.#objects.values()) object.disk.close();
    this.d1.database.close();
  }

  /** A record on which three lives have ended is given up (ENG-4); here chance alone must not bring that about. */
  #end(object: SimulatedObject, why: string): boolean {
    if (lastTry(object) || this.#onLastTry.has(object)) return false;
    object.end(why);
    return true;
  }

  /** Once all is durable: a commit that gets past the record may be lost, and then the try was the last one. */
  #noteLastTry(object: SimulatedObject): void {
    if (object.disk.database.isTransaction) return;
    if (lastTry(object)) this.#onLastTry.add(object);
    else this.#onLastTry.delete(object);
  }

  #object(name: string): SimulatedObject {
    let object = this.#objects.get(name);
    if (object === undefined) {
      const create = (life: Life): Instance => this.#create(life);
      object = new SimulatedObject({
        name,
        partition: !isCatalog(name),
        schedule: this.schedule,
        faults: this.faults,
        sabotage: this.#sabotage,
        create,
      });
      this.#objects.set(name, object);
    }
    return object;
  }

  #create(life: Life): Instance {
    const object = this.#object(life.name);
    const ctx = {
      id: { name: life.name },
      storage: life.storage,
      waitUntil: () => undefined,
      abort: (reason: string) => object.end(reason),
    } as unknown as DurableObjectState;
    const host = { plans: this.plans, clock: life.clock };
    return isCatalog(life.name)
      ? new Catalog(ctx, this.#envFor({ name: life.name, life }), host)
      : new Partition(ctx, this.#envFor({ name: life.name, life }), host);
  }

  #envFor(caller: Caller): Env {
    return {
      PARTITION: { getByName: (name: string) => this.#stub(caller, name) },
      CATALOG: { getByName: (name: string) => this.#stub(caller, `catalog ${name}`) },
      DB: this.d1.bindingFor(caller, this.#network),
      LAKE: this.r2.bindingFor(caller, this.#network),
    } as unknown as Env;
  }

  #stub(caller: Caller, name: string): unknown {
    const get = (_: object, method: string | symbol): unknown => {
      if (typeof method !== "string" || method === "then") return undefined;
      return (request: unknown) =>
        this.#network.call(caller, { what: `${name} ${method}`, to: name, request }, (sent, answer) =>
          this.#object(name).receive(method, sent, answer),
        );
    };
    return new Proxy({}, { get });
  }
}

class Partition extends PartitionObject {}
class Catalog extends CatalogObject {}

function isCatalog(name: string): boolean {
  return name.startsWith("catalog ");
}

const TRIED = [
  ["SELECT max(single) FROM trying", 3],
  ["SELECT max(attempts) FROM redrive WHERE payload IS NOT NULL", 4],
] as const;

function lastTry({ disk, name }: SimulatedObject): boolean {
  if (isCatalog(name)) return false;
  try {
    return TRIED.some(([query, last]) => {
      const [row] = disk.statements.get(query).statement.all() as unknown as [number | null][];
      return (row?.[0] ?? 0) >= last;
    });
  } catch {
    // Of a partition that was deleted nothing is left.
    return false;
  }
}

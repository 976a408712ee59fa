import { DurableObject } from "cloudflare:workers";

/** Does nothing by itself: tests run over its storage, in workerd. */
export class BareObject extends DurableObject {
  /** Without one the platform refuses `setAlarm`. */
  override alarm(): void {}
}

export interface BareEnv {
  readonly BARE: DurableObjectNamespace<BareObject>;
}

import { refuse, type Refusal } from "../schema/error.ts";
import { MAX_BODIES_IN_FLIGHT_BYTES, MAX_REQUEST_BYTES } from "../schema/limits.ts";
import { declaredLength, type Hold } from "./body.ts";

/**
 * Bodies of requests that this isolate holds at once. One isolate serves many requests, and they share its memory: too many
 * large ones together would end all of them.
 */
export class BodiesInFlight {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Runs `work` unless its body is too much beside those held already; one alone is never too much. `work` says what it
   * holds beyond the declared length.
   */
  async admit(request: Request, work: (hold: Hold) => Promise<Response>): Promise<Response | Refusal> {
    let held = Math.min(declaredLength(request) ?? 0, MAX_REQUEST_BYTES);
    if (this.#bytes > 0 && this.#bytes + held > MAX_BODIES_IN_FLIGHT_BYTES) {
      const reason = `${this.#bytes} bytes of records are being stored, and at once no more than ${MAX_BODIES_IN_FLIGHT_BYTES} are`;
      return refuse("overloaded", reason, { hint: "Send the same request again after Retry-After, or smaller ones" });
    }
    this.#bytes += held;
    try {
      return await work((bytes) => {
        held += bytes;
        this.#bytes += bytes;
      });
    } finally {
      this.#bytes -= held;
    }
  }
}

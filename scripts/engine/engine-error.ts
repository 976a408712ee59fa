/** What a person can put right: printed as its message alone. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: "folder_held" | "port_taken" | "replay_lost" | "usage";

  constructor(code: EngineError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

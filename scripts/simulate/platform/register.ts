// Imported before anything that extends the runtime's DurableObject.
import { registerHooks } from "node:module";

const standIn = new URL("cloudflare-workers.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: standIn, shortCircuit: true } : next(specifier, context),
});

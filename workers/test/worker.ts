export { Catalog, Partition } from "../../durable-objects/test/objects.ts";
export default { fetch: () => new Response("x") };

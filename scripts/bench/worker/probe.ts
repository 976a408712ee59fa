// What the platform is held against: a Durable Object that does nothing but insert the body as one row, behind the few
// routes that the SDK's producer asks for, so that both get the same bytes from the same client.
import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly PROBE: DurableObjectNamespace<Probe>;
}

export class Probe extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  }

  async append(body: ArrayBuffer): Promise<number> {
    const { id } = this.ctx.storage.sql
      .exec<{ id: number }>("INSERT INTO body (body) VALUES (?) RETURNING id", body)
      .one();
    return id;
  }
}

/** `/v1/topics/<name>-<partitions>/records?partition=` */
export default {
  async fetch(request, { PROBE }) {
    const { pathname, searchParams } = new URL(request.url);
    const [, , kind, topic = "", records] = pathname.split("/");
    if (kind === "producers") return Response.json({ producerId: 1, producerEpoch: 0 });
    if (records === "records") {
      const probe = PROBE.getByName(`${topic}/${searchParams.get("partition")}`);
      return Response.json({ baseOffset: await probe.append(await request.arrayBuffer()) });
    }
    const partitions = Number(/-(\d+)$/.exec(topic)?.[1]);
    return Response.json({ partitions: Array.from({ length: partitions }, (_, partition) => ({ partition })) });
  },
} satisfies ExportedHandler<Env>;

import { pipeline } from "../../sdk/streams/index.ts";

export interface Order {
  readonly currency: string | null;
  readonly n: number;
}

export const joined = pipeline("joined", ({ stream, globalTable }) => {
  const rates = globalTable<number>("rates");
  const orders = stream<Order | null>("orders");
  const key = ({ currency }: Order): string | null => currency;
  orders.join(rates, ({ n }, rate) => ({ n, rate }), { key }).to("inner");
  orders.leftJoin(rates, ({ n }, rate) => ({ n, rate }), { key }).to("left");
});

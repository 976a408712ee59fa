/** A row of `customers`, under the customer's name: their tier from the record's time on. */
export interface Customer {
  readonly tier: string;
}

/** In `orders`, under the customer's name. */
export interface Order {
  readonly order: string;
  readonly category: string;
  /** Below 0 it is one on which user code throws. */
  readonly amount: number;
}

/** In `payments`, under the name of the till. */
export interface Payment {
  readonly order: string;
  readonly paid: number;
}

/** An order with its customer's tier at its time. */
export interface PricedOrder extends Order {
  readonly customer: string;
  readonly tier: string;
}

/** With a payment of the order, or null where none came in time. */
export interface PaidOrder extends PricedOrder {
  readonly paid: number | null;
}

/** A row of the D1 table `sales`. */
export interface Sales {
  readonly category: string;
  readonly window_start: number;
  readonly orders: number;
  readonly unpaid: number;
  readonly amount: number;
}

/** How far a payment may be from its order. */
export const PAID_WITHIN_MS = 60_000;
export const SALES_WINDOW_MS = 60_000;
export const COUNT_WINDOW_MS = 20_000;

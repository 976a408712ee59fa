import { customType } from "drizzle-orm/sqlite-core";

/** A BLOB as bytes; drizzle's own `blob` types as Node's Buffer, which workerd does not have. */
export const bytes = customType<{ data: Uint8Array; driverData: ArrayBuffer | Uint8Array }>({
  dataType: () => "blob",
  fromDriver: (value) => new Uint8Array(value),
});

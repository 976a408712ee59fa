/** The part of Cloudflare's SqlStorage that migrations need; node:sqlite is adapted to it in tests. */
export interface MigrationSql {
  exec(query: string, ...bindings: (string | number)[]): { toArray(): Record<string, unknown>[] };
}

/** `PRAGMA user_version` is not authorized in a Durable Object, so the version stands in a table. One read when current. */
export function migrate(
  sql: MigrationSql,
  inTransaction: (work: () => void) => void,
  migrations: readonly string[],
): void {
  const version = schemaVersion(sql);
  if (version === migrations.length) return;
  if (version > migrations.length) {
    throw new Error(
      `the database is at version ${version}, this code knows ${migrations.length}: deploy the newer code`,
    );
  }
  inTransaction(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)");
    for (const text of migrations.slice(version)) sql.exec(text);
    sql.exec("INSERT OR REPLACE INTO schema_version VALUES (1, ?)", migrations.length);
  });
}

/** 0 for a database that was never migrated; creates nothing. */
export function schemaVersion(sql: MigrationSql): number {
  const exists = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").toArray().length > 0;
  if (!exists) return 0;
  return Number(sql.exec("SELECT version FROM schema_version WHERE id = 1").toArray()[0]?.["version"] ?? 0);
}

// The file, as Unlatch opens its own: what was committed is on the disk.

import Database from "better-sqlite3";

export function open() {
  const database = new Database(process.env.BESIDE_DATABASE);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("busy_timeout = 5000");
  database.pragma("foreign_keys = ON");
  database.pragma("secure_delete = ON");
  return database;
}

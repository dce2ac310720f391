// Makes the tables of server.js, and the people in them: a JSON list on standard input, with for
// each a name, a handle, and in base64 a passkey's id and public key.

import { readFileSync } from "node:fs";
import { open } from "./database.js";

const database = open();
database.exec(`
  CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, handle TEXT NOT NULL);
  CREATE TABLE passkeys (
    id TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES people, public_key BLOB NOT NULL,
    counter INTEGER NOT NULL, backed_up INTEGER NOT NULL, used_at INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY, person INTEGER NOT NULL REFERENCES people,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE answered (challenge BLOB PRIMARY KEY) WITHOUT ROWID;
`);
const person = database.prepare("INSERT INTO people (name, handle) VALUES (?, ?)");
const passkey = database.prepare("INSERT INTO passkeys VALUES (?, ?, ?, 0, 1, NULL)");
database.transaction((people) => {
  for (const one of people) {
    const { lastInsertRowid } = person.run(one.name, one.handle);
    const id = Buffer.from(one.id, "base64").toString("base64url");
    passkey.run(id, lastInsertRowid, Buffer.from(one.public_key, "base64"));
  }
})(JSON.parse(readFileSync(0, "utf8")));

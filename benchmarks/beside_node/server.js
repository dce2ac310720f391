// What is measured beside Unlatch: a sign-in with a passkey as one writes it by hand with Fastify,
// @simplewebauthn/server and better-sqlite3, in one process.
//
// It does what it must. A challenge travels in a signed cookie, is good for five minutes, and is
// answered once; the session's token is kept as a hash; all that a sign-in writes is one
// transaction. It has no limits, writes no event, and sends none of the headers that Unlatch does.

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { generateAuthenticationOptions, verifyAuthenticationResponse } from "@simplewebauthn/server";
import fastify from "fastify";
import { open } from "./database.js";

const ORIGIN = process.env.BESIDE_ORIGIN;
const RP_ID = new URL(ORIGIN).hostname;
const SECRET = process.env.BESIDE_SECRET;
const CEREMONY = "__Host-ceremony";
const SESSION = "__Host-session";
const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict";
const FIVE_MINUTES = 5 * 60 * 1000;
const A_MONTH = 30 * 24 * 60 * 60 * 1000;

const database = open();
const findPasskey = database.prepare("SELECT * FROM passkeys WHERE id = ?");
const findPerson = database.prepare(
  "SELECT name FROM sessions JOIN people ON people.id = person WHERE token_hash = ? AND expires_at > ?",
);
const answer = database.prepare("INSERT INTO answered VALUES (?) ON CONFLICT DO NOTHING");
const use = database.prepare(
  "UPDATE passkeys SET counter = ?, backed_up = ?, used_at = ? WHERE id = ? AND counter = ?",
);
const begin = database.prepare("INSERT INTO sessions VALUES (?, ?, ?)");

const letIn = database.transaction((challenge, passkey, seen, tokenHash, now) => {
  if (answer.run(challenge).changes !== 1) return false;
  const backedUp = Number(seen.credentialBackedUp);
  if (use.run(seen.newCounter, backedUp, now, passkey.id, passkey.counter).changes !== 1) return false;
  begin.run(tokenHash, passkey.person, now + A_MONTH);
  return true;
}).immediate;

function cookie(request, name) {
  for (const one of (request.headers.cookie ?? "").split("; ")) {
    if (one.startsWith(`${name}=`)) return one.slice(name.length + 1);
  }
  return "";
}

function sign(text) {
  return createHmac("sha256", SECRET).update(text).digest("base64url");
}

function hash(token) {
  return createHash("sha256").update(token).digest();
}

// What this browser began, if that is ours and not too old.
function begun(request, now) {
  const [challenge, until, signature] = cookie(request, CEREMONY).split(".");
  const given = Buffer.from(signature ?? "");
  const wanted = Buffer.from(sign(`${challenge}.${until}`));
  const isOurs = given.length === wanted.length && timingSafeEqual(given, wanted);
  return isOurs && Number(until) > now ? challenge : null;
}

const app = fastify({ bodyLimit: 64 * 1024 });

app.post("/sign-in/options", async (_request, reply) => {
  const options = await generateAuthenticationOptions({ rpID: RP_ID, userVerification: "required" });
  const ceremony = `${options.challenge}.${Date.now() + FIVE_MINUTES}`;
  reply.header("Set-Cookie", `${CEREMONY}=${ceremony}.${sign(ceremony)}; ${ATTRIBUTES}`);
  return options;
});

app.post("/sign-in", async (request, reply) => {
  const now = Date.now();
  const refused = () => reply.code(401).send({ error: "refused" });
  const challenge = begun(request, now);
  const passkey = findPasskey.get(String(request.body?.id));
  if (request.headers.origin !== ORIGIN || challenge === null || passkey === undefined) return refused();
  let seen;
  try {
    seen = await verifyAuthenticationResponse({
      response: request.body,
      expectedChallenge: challenge,
      expectedOrigin: ORIGIN,
      expectedRPID: RP_ID,
      credential: { id: passkey.id, publicKey: passkey.public_key, counter: passkey.counter },
    });
  } catch {
    return refused();
  }
  const token = randomBytes(32).toString("base64url");
  const mark = Buffer.from(challenge, "base64url");
  if (!seen.verified || !letIn(mark, passkey, seen.authenticationInfo, hash(token), now)) return refused();
  reply.header("Set-Cookie", [
    `${SESSION}=${token}; Max-Age=${A_MONTH / 1000}; ${ATTRIBUTES}`,
    `${CEREMONY}=; Max-Age=0; ${ATTRIBUTES}`,
  ]);
  return { next: "/account" };
});

app.get("/account", async (request, reply) => {
  const person = findPerson.get(hash(cookie(request, SESSION)), Date.now());
  return person ?? reply.code(401).send({ error: "not_signed_in" });
});

await app.listen({ host: "127.0.0.1", port: Number(process.argv.at(-1)) });

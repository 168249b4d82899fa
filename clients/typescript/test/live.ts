// Every kind of call on a running service: node dist/test/live.js URL PHOTOGRAPH ARCHIVE

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { facet, FacetError, followJob, type Schemas } from "../src/index.js";

const [, , url = "", photograph = "", archive = ""] = process.argv;
const client = facet(url);
const photo = new Blob([await readFile(photograph)]);

/** The answer of a call that has one. */
function given<T>({ data }: { data?: T }): T {
  ok(data !== undefined);
  return data;
}

async function drawing(): Promise<Schemas["Embedding"]> {
  const { model, images } = given(await client.POST("/embed", { body: { image: [photo] } }));
  const embedding = images[0]?.faces[0]?.embedding;
  ok(embedding);
  equal(embedding.identity.length, 32);
  const drawn = given(await client.POST("/reconstruct", { body: { embedding } }));
  ok(atob(drawn.image).startsWith("\x89PNG"));
  const edits: Schemas["Edit"][] = [{ attribute: "pose", set: { yaw: 20 } }, { attribute: "expression", preset: "happiness" }];
  const png = given(
    await client.POST("/edit", { body: { embedding, edits }, headers: { Accept: "image/png" }, parseAs: "blob" }),
  );
  const bytes = new Uint8Array(await png.arrayBuffer());
  deepEqual([...bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  const edited = given(await client.POST("/edit", { body: { image: photo, edits: JSON.stringify(edits) } }));
  ok(Math.abs(Math.abs(edited.embedding.pose[1] ?? 0) - (20 * Math.PI) / 180) < 1e-6);
  const query = { count: 3, seed: 5, keep: ["identity" as const] };
  equal(given(await client.POST("/generate", { params: { query }, body: { image: photo } })).length, 3);
  const some = { params: { query: { pairs: 300, last: 2, seed: 1 } }, body: { face: photo } };
  const pairs = given(await client.POST("/stimuli/noise", some));
  deepEqual(pairs.faces.map(({ columns }) => columns["pair"]), [1, 1, 2, 2]);
  deepEqual(given(await client.POST("/stimuli/again", { body: { recipe: pairs.recipe } })), pairs);
  equal(model.id, given(await client.GET("/model")).id);
  return embedding;
}

async function searching(embedding: Schemas["Embedding"]): Promise<void> {
  const body = { image: photo, subject: "ada", collection: "typescript", metadata: JSON.stringify({ age: 36 }) };
  const face = given(await client.POST("/faces", { body }));
  deepEqual(face.metadata, { age: 36 });
  const query = { attr: ["identity:1", "style:0.5"], collection: "typescript" };
  const found = given(await client.POST("/search", { params: { query }, body: { embedding } }));
  ok("results" in found);
  deepEqual(found.results.map(({ id }) => id), [face.id]);
  const listed = given(await client.GET("/faces", { params: { query: { collection: "typescript" } } }));
  deepEqual(listed.faces, [face]);
  equal(given(await client.POST("/identify", { params: { query: { collection: "typescript" } }, body: { image: photo } })).subject, "ada");
  ok(given(await client.POST("/verify", { body: { image: photo, other: photo } })).same_person);
  const path = { params: { path: { face_id: face.id } } };
  equal(given(await client.PATCH("/faces/{face_id}", { ...path, body: { subject: "eve" } })).subject, "eve");
  await client.DELETE("/faces/{face_id}", path);
  await rejects(client.GET("/faces/{face_id}", path), (error) => error instanceof FacetError && error.code === "not_found");
}

async function importing(): Promise<void> {
  const body = { archive: new Blob([await readFile(archive)]) };
  const job = given(await client.POST("/jobs/import", { params: { query: { collection: "imported" } }, body }));
  const states: string[] = [];
  for await (const { state } of followJob(client, job.id)) states.push(state);
  equal(states.at(-1), "done");
  const report = given(await client.GET("/jobs/{job_id}", { params: { path: { job_id: job.id } } }));
  equal(report.progress["enrolled"], 1);
}

async function waiting(): Promise<void> {
  let asked = 0;
  const busy = createServer((_, answer) => {
    asked += 1;
    const type = asked > 2 ? "application/json" : "application/problem+json";
    answer.writeHead(asked > 2 ? 200 : 503, { "Content-Type": type, "Retry-After": "0" });
    answer.end(JSON.stringify(asked > 2 ? { status: "ok" } : { code: "busy", detail: "The queue is full." }));
  });
  await new Promise<void>((listening) => busy.listen(0, "127.0.0.1", listening));
  const { port } = busy.address() as AddressInfo;
  equal(given(await facet(`http://127.0.0.1:${port}`).GET("/health/live")).status, "ok");
  equal(asked, 3);
  busy.closeAllConnections();
  busy.close();
}

await searching(await drawing());
await importing();
await waiting();
console.log("every call was answered");

// The Facet service as typed calls: `facet(url)` has every route, with the types of its OpenAPI document.

import createClient, { type Client } from "openapi-fetch";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { patient } from "./patience.js";
import type { components, paths } from "./schema.js";

/** The named schemas, such as `Schemas["Face"]`. */
export type Schemas = components["schemas"];

/** The calls of a service; answers are typed as their JSON unless `parseAs` says otherwise. */
export type Facet = Client<paths, "application/json">;

export interface Options {
  /** An API key. */
  key?: string;
  /** Seconds that a busy service may ask to wait before a call is given up; 60 if left out. */
  patience?: number;
}

/** What the service refused: its stable `code`, and a sentence that says what to do. */
export class FacetError extends Error {
  readonly code: string;
  readonly problem: Schemas["Problem"];

  constructor(problem: Schemas["Problem"]) {
    super(problem.detail);
    this.name = "FacetError";
    this.code = problem.code;
    this.problem = problem;
  }
}

/**
 * A client of the service at an address.
 *
 * Bodies are plain objects: with a Blob in them they are sent as forms, else as JSON. Failures throw a FacetError. For
 * a drawn picture itself, ask with `headers: { Accept: "image/png" }, parseAs: "blob"`.
 */
export function facet(url: string, { key, patience = 60 }: Options = {}): Facet {
  const client = createClient<paths, "application/json">({
    baseUrl: url.replace(/\/$/, ""),
    headers: { Accept: "application/json", ...(key !== undefined && { Authorization: `Bearer ${key}` }) },
    fetch: patient(patience),
    bodySerializer: serialized,
    querySerializer: { array: { style: "form", explode: true } },
  });
  client.use({
    onRequest({ request, schemaPath }) {
      // By it the service knows a face that comes again when it was busy.
      const enrols = request.method === "POST" && schemaPath === "/faces";
      if (enrols && !request.headers.has("Idempotency-Key")) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
    },
    async onResponse({ response }) {
      const type = response.headers.get("Content-Type");
      if (type?.startsWith("application/problem+json")) throw new FacetError(await response.json());
      if (!response.ok) throw new Error(`${response.url} answered with ${response.status}; is it a Facet service?`);
    },
  });
  return client;
}

/** A job each time that it has got on, until it has ended. */
export async function* followJob(client: Facet, id: string): AsyncGenerator<Schemas["Job"]> {
  const { data } = await client.GET("/jobs/{job_id}/events", {
    params: { path: { job_id: id } },
    headers: { Accept: "text/event-stream" },
    parseAs: "stream",
  });
  if (!data) return;
  for await (const event of data.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())) {
    yield JSON.parse(event.data);
  }
}

function serialized(body: unknown): FormData | Blob | string {
  if (body instanceof Blob) return body;
  const entries = Object.entries(body as object);
  if (!entries.some(([, value]) => [value].flat().some((item) => item instanceof Blob))) return JSON.stringify(body);
  const form = new FormData();
  for (const [name, value] of entries) {
    const items = [value].flat();
    if (items.every((item) => item instanceof Blob)) for (const item of items) form.append(name, item);
    else form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return form;
}

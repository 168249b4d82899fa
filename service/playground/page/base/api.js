// Requests to the service that this page came from, and its problems in words.

const WORDS = {
  no_face: "No face was found in this picture. Try one in which the face is larger, upright and seen from the front.",
  unsupported_image: "This file is not a picture that can be read here. Use a JPEG, PNG or WebP file.",
  unreadable_image: "This picture is damaged or cut short. Try to save or copy it again.",
  image_too_small: "This picture is too small to hold a face.",
  busy: "The service is busy. Try again in a moment.",
  rate_limited: "That was more than this service allows in a minute. Wait a moment.",
  forbidden: "The key that you gave may not do this.",
};

/** What the service refused, with its stable code and a sentence that helps. */
export class Problem extends Error {
  constructor(status, code, detail) {
    super(WORDS[code] ?? detail);
    this.status = status;
    this.code = code;
  }
}

const TRIES = 4;
const PATIENCE = 10; // seconds that a busy service may ask to wait before the reader is told

let askForKey = async () => null;
// Kept while this tab is open, and sent to this origin alone.
let key = sessionStorage.getItem("key");

/** Whether requests carry a key. */
export const hasKey = () => Boolean(key);

/** Where to get an API key from when the service wants one. */
export function onKeyWanted(ask) {
  askForKey = ask;
}

let asking = null;

/** A key other than the one that was refused, or null; requests that are refused together ask once. */
async function keyInsteadOf(refused) {
  if (key !== refused) return key;
  asking ??= askForKey(refused !== null).finally(() => {
    asking = null;
  });
  const given = await asking;
  if (!given) return null;
  key = given;
  sessionStorage.setItem("key", key);
  return key;
}

function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const item of [value].flat()) {
      if (item?.blob) form.append(name, item.blob, item.name);
      else if (item !== null && item !== undefined) form.append(name, item);
    }
  }
  return form;
}

/** One request; `query` is a list of pairs, `form` and `json` are bodies. Gives the response or throws a Problem. */
export async function request(method, path, { query = [], form, json, accept = "application/json" } = {}) {
  const search = new URLSearchParams(query).toString();
  const headers = { Accept: accept };
  const sent = key;
  if (key) headers.Authorization = `Bearer ${key}`;
  if (json) headers["Content-Type"] = "application/json";
  const body = json ? JSON.stringify(json) : form ? formOf(form) : undefined;
  const url = search ? `${path}?${search}` : path;
  const response = await patiently(() => fetch(url, { method, headers, body }));
  if (response.ok) return response;
  if (response.status === 401 && (await keyInsteadOf(sent))) return request(method, path, { query, form, json, accept });
  throw await problemOf(response);
}

/** The answer of a request, which is sent again when a busy service says so. */
async function patiently(send) {
  for (let left = TRIES - 1; ; left--) {
    let response;
    try {
      response = await send();
    } catch {
      throw new Problem(0, "unreachable", "The service cannot be reached. Is it still running?");
    }
    const pause = Number(response.headers.get("Retry-After") ?? Infinity);
    if (![429, 503].includes(response.status) || !left || !(pause <= PATIENCE)) return response;
    await new Promise((wake) => setTimeout(wake, 1000 * pause));
  }
}

async function problemOf(response) {
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  const problem = isProblem ? await response.json() : {};
  return new Problem(response.status, problem.code, problem.detail ?? `The service answered with ${response.status}.`);
}

export const get = async (path, query) => (await request("GET", path, { query })).json();
export const post = async (path, options) => (await request("POST", path, options)).json();
export const draw = async (path, options) => (await request("POST", path, { ...options, accept: "image/png" })).blob();
export const change = (path, json) => request("PATCH", path, { json });
export const erase = (path) => request("DELETE", path);

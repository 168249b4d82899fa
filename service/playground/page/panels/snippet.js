// What was just done, as a command for curl and as a program in Python.

import { hasKey } from "../base/api.js";
import { $, announce, copyText } from "../base/dom.js";

let last = null;

const origin = () => new URL(".", location.href).href.replace(/\/$/, "");
const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** Remember a request: what it is in words, as curl sends it, and as the client's call. */
export function record(what, sent, called) {
  last = { what, sent, called };
  show();
}

/** Make the choice of language and the copying work. */
export function setUpSnippet() {
  for (const radio of document.getElementsByName("language")) radio.addEventListener("change", show);
  $("#copy").addEventListener("click", copy);
}

function show() {
  if (!last) return;
  const language = [...document.getElementsByName("language")].find((radio) => radio.checked).value;
  $("#code-hint").hidden = true;
  $("#code-body").hidden = false;
  $("#code-what").textContent = last.what;
  $("#snippet").textContent = language === "curl" ? curl(last.sent) : python(last.called);
}

async function copy() {
  if (await copyText($("#snippet").textContent, $("#copy"))) return;
  getSelection().selectAllChildren($("#snippet"));
  announce("The command is selected; copy it with the keyboard.");
}

function field(name, value) {
  if (value?.blob) return `-F ${quoted(`${name}=@${/[;,"]/.test(value.name) ? JSON.stringify(value.name) : value.name}`)}`;
  return `--form-string ${quoted(`${name}=${value}`)}`;
}

/** A command line. */
export function curl({ method, path, query = [], form, json, saves }) {
  const search = new URLSearchParams(query).toString();
  const url = `${origin()}/${path}${search ? `?${search}` : ""}`;
  const pieces = [`curl ${method === "POST" ? "" : `-X ${method} `}${quoted(url)}`];
  if (form) pieces.push(...Object.entries(form).map(([name, value]) => field(name, value)));
  else if (json) pieces.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(json))}`);
  else if (method === "POST") pieces[0] = `curl -X POST ${quoted(url)}`;
  if (hasKey()) pieces.push('-H "Authorization: Bearer $FACET_API_KEY"');
  if (saves) pieces.push(`-o ${quoted(saves)}`);
  return pieces.join(" \\\n  ");
}

/** A value as Python writes it. */
function literal(value) {
  if (value?.blob) return `Path(${JSON.stringify(value.name)})`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${literal(item)}`).join(", ")}}`;
}

/** A program that uses `facet_client`. */
export function python({ call, args, takes = "", saves, each, shows }) {
  const given = Object.entries(args).map(([name, value]) => (name ? `${name}=${literal(value)}` : literal(value)));
  const made = `facet.${call}(${given.join(", ")})${takes}`;
  const key = hasKey() ? ', os.environ["FACET_API_KEY"]' : "";
  const lines = [`with Client(${JSON.stringify(origin())}${key}) as facet:`];
  if (saves) lines.push(`    Path(${JSON.stringify(saves)}).write_bytes(${made})`);
  else if (each) {
    lines.push(`    for number, face in enumerate(${made}):`);
    lines.push(`        Path(f${JSON.stringify(each)}).write_bytes(face["image"])`);
  } else lines.push(shows ? `    print(${made})` : `    ${made}`);
  const body = lines.join("\n");
  const needed = [key && "import os\n", body.includes("Path(") && "from pathlib import Path\n"].filter(Boolean);
  const imports = needed.length ? `${needed.join("")}\n` : "";
  return `${imports}from facet_client import Client\n\n${body}\n`;
}

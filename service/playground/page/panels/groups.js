// The faces of a collection grouped by identity: looked through, merged and named.

import { get, post } from "../base/api.js";
import { $, $$, announce, h, say } from "../base/dom.js";
import { thumbnailOf } from "./enrolled.js";
import { attempt, onCollection, refresh, shownCollection } from "./gallery.js";
import { record } from "./snippet.js";
import { rename } from "./subjects.js";

const PAGE = 8; // groups shown at a time
const SHOWN = 6; // faces shown of a group
const LOOK = 400; // milliseconds between two looks at the job

let groups = []; // lists of ids
let shown = 0;

/** Make the buttons work. */
export function setUpGroups() {
  $("#group").addEventListener("click", () => attempt(group));
  $("#more-groups").addEventListener("click", () => attempt(more));
  $("#merge-groups").addEventListener("click", () => attempt(merge));
  onCollection(() => show([], ""));
}

async function group() {
  const collection = shownCollection();
  const button = $("#group");
  button.disabled = true;
  say($("#grouped"), "Grouping …");
  try {
    const path = `collections/${encodeURIComponent(collection)}/groups`;
    let job = await post(path, { query: [["by", "identity"]] });
    record(
      "Grouped a collection",
      { method: "POST", path, query: [["by", "identity"]] },
      { call: "group", args: { "": collection, by: "identity" }, shows: true },
    );
    while (!["done", "failed", "cancelled"].includes(job.state)) {
      await new Promise((wake) => setTimeout(wake, LOOK));
      job = await get(`jobs/${encodeURIComponent(job.id)}`);
    }
    if (job.state !== "done") throw new Error(job.error?.detail ?? "The grouping was cancelled.");
    const { groups: found, unassigned } = await get(`jobs/${encodeURIComponent(job.id)}`);
    await show(found, summary(found.length, unassigned.length));
    announce(`${found.length} groups found.`);
  } finally {
    button.disabled = false;
  }
}

function summary(count, left) {
  if (!count) return "No two faces are alike enough to be one person.";
  const rest = left ? `${left} ${left === 1 ? "face is" : "faces are"} in none` : "every face is in one";
  return `${count} ${count === 1 ? "group" : "groups"}; ${rest}.${count > 1 ? " Tick groups that are one person." : ""}`;
}

async function show(found, words) {
  groups = found;
  shown = 0;
  $("#groups").replaceChildren();
  say($("#grouped"), words);
  await more();
}

async function more() {
  const next = groups.slice(shown, shown + PAGE);
  shown += next.length;
  $("#more-groups").hidden = shown >= groups.length;
  $("#groups").append(...(await Promise.all(next.map(item))));
  mark();
}

async function item(ids) {
  const faces = await Promise.all(ids.slice(0, SHOWN).map((id) => get(`faces/${encodeURIComponent(id)}`)));
  const names = [...new Set(faces.map(({ subject }) => subject))];
  const label = `group of ${ids.length} faces: ${names.join(", ")}`;
  const field = h("input", {
    required: true,
    maxlength: 200,
    autocomplete: "off",
    value: names[0],
    "aria-label": `Name of the ${label}`,
  });
  const box = h("input", { type: "checkbox", name: "chosen-group", onchange: mark, "aria-label": `Choose the ${label}` });
  const form = h("form", { class: "row" }, field, h("button", {}, "Name"));
  const node = h(
    "li",
    { class: "group" },
    box,
    h("div", { class: "heads" }, ...faces.map(thumbnailOf)),
    h("span", { class: "quiet small" }, `${ids.length} faces: ${names.join(", ")}`),
    form,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => name(ids, field.value));
  });
  node.ids = ids;
  return node;
}

const chosen = () => $$("[name=chosen-group]:checked").map((box) => box.closest(".group"));

function mark() {
  $("#merge-groups").hidden = chosen().length < 2;
}

async function name(ids, subject) {
  await rename(ids, subject);
  announce(`${ids.length} faces are of ${subject} now.`);
  await refresh();
  await redraw(ids, [ids]);
}

/** The chosen groups become one on this page; giving it a name makes them one person in the gallery. */
async function merge() {
  const nodes = chosen();
  const one = nodes.flatMap((node) => node.ids);
  await redraw(one, nodes.map((node) => node.ids));
  announce(`One group of ${one.length} faces. Give it a name to keep it.`);
}

/** Show a group in place of those that it is made of. */
async function redraw(ids, parts) {
  const place = groups.indexOf(parts[0]);
  groups = groups.filter((group) => !parts.includes(group));
  groups.splice(place, 0, ids);
  const nodes = $$("#groups .group").filter((node) => parts.includes(node.ids));
  shown -= nodes.length - 1;
  const node = await item(ids);
  nodes[0].replaceWith(node);
  for (const rest of nodes.slice(1)) rest.remove();
  mark();
  $("input:not([type])", node).focus();
}

// Who is enrolled: enrolling, listing and erasing faces, and the generated people to begin with.

import { erase, get, post } from "../base/api.js";
import { $, announce, ask, h, say } from "../base/dom.js";
import { onChange, SLOTS, state } from "../base/state.js";
import { alignOf, pictureOf } from "../faces/faces.js";
import { takeEnrolled, thumbnailOf } from "./enrolled.js";
import { search } from "./search.js";
import { record } from "./snippet.js";

const PAGE = 12;
let shown = { collection: null, cursor: null };
const listeners = [];

/** The collection that is looked through, or null. */
export const shownCollection = () => shown.collection;

/** Call a function when another collection is looked through. */
export function onCollection(listener) {
  listeners.push(listener);
}

/** Make the gallery work. */
export async function setUpGallery() {
  $("#enrol-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(enrol);
  });
  $("#demo").addEventListener("click", () => attempt(fill));
  $("#more").addEventListener("click", () => attempt(more));
  onChange(showChoice);
  showChoice();
  await attempt(refresh);
}

/** Do something with the gallery, and say what went wrong. */
export async function attempt(work) {
  try {
    await work();
    say($("#gallery-problem"), null);
  } catch (error) {
    say($("#gallery-problem"), error.message);
  }
}

function showChoice() {
  const select = $("#enrol-face");
  for (const option of select.options) option.disabled = !state[option.value];
  if (!state[select.value]) select.value = SLOTS.find((slot) => state[slot]) ?? "first";
  $("#enrol-form button").disabled = !SLOTS.some((slot) => state[slot]);
}

/** Ask again who is enrolled, and show it. */
export async function refresh() {
  const { collections } = await get("collections");
  $("#empty").hidden = $("#nobody").hidden = collections.length > 0;
  $("#search-form").hidden = collections.length === 0;
  const names = collections.map(({ name }) => name);
  const choice = $("#search-collection");
  const wanted = choice.value;
  choice.replaceChildren(h("option", { value: "" }, "all"), ...names.map((name) => h("option", { value: name }, name)));
  choice.value = names.includes(wanted) ? wanted : "";
  if (!names.includes(shown.collection)) choose(names[0] ?? null);
  $("#collections").replaceChildren(...collections.map(chip));
  $("#enrolled").replaceChildren();
  shown.cursor = null;
  $("#more").hidden = true;
  if (shown.collection !== null) await more();
  search();
}

function chip({ name, faces, subjects }) {
  return h(
    "button",
    { type: "button", class: "chip", "aria-pressed": String(name === shown.collection), onclick: () => attempt(() => open(name)) },
    `${name}: ${faces} ${faces === 1 ? "face" : "faces"} of ${subjects} ${subjects === 1 ? "subject" : "subjects"}`,
  );
}

function choose(collection) {
  shown.collection = collection;
  for (const listener of listeners) listener(collection);
}

async function open(collection) {
  if (collection !== shown.collection) choose(collection);
  await refresh();
}

async function more() {
  const query = [["collection", shown.collection], ["limit", PAGE]];
  if (shown.cursor) query.push(["cursor", shown.cursor]);
  const page = await get("faces", query);
  $("#enrolled").append(...page.faces.map(faceRow));
  shown.cursor = page.next_cursor;
  $("#more").hidden = !page.next_cursor;
}

async function fill() {
  const button = $("#demo");
  button.disabled = true;
  try {
    const { faces, subjects, collection } = await post("demo");
    announce(`${faces} faces of ${subjects} generated people are in the collection ${collection}.`);
    record("Filled the demo collection", { method: "POST", path: "demo" }, { call: "seed_demo", args: {} });
    await open(collection);
  } finally {
    button.disabled = false;
  }
}

async function enrol() {
  const face = state[$("#enrol-face").value];
  const subject = $("#enrol-subject").value;
  const collection = $("#enrol-collection").value;
  const form = { image: pictureOf(face), subject, collection };
  const query = alignOf(face);
  const { id } = await post("faces", { form, query });
  announce(`${subject} is enrolled.`);
  record("Enrolled a face", { method: "POST", path: "faces", query, form }, {
    call: "enrol",
    args: { "": pictureOf(face), subject, collection, ...(face.align !== "auto" && { align: face.align }) },
    shows: true,
  });
  $("#enrol-subject").value = "";
  await open(collection);
  document.querySelector(`#enrolled [data-face="${id}"]`)?.scrollIntoView({ block: "nearest" });
}

async function remove({ id, subject }) {
  if (!(await ask(`Erase this face of ${subject}? It cannot be brought back.`, "Erase"))) return;
  await erase(`faces/${encodeURIComponent(id)}`);
  announce(`The face of ${subject} is erased.`);
  record("Erased a face", { method: "DELETE", path: `faces/${id}` }, { call: "delete_face", args: { "": id } });
  await refresh();
  $("#gallery").focus();
}

function faceRow(face) {
  const uses = SLOTS.map((slot) =>
    small(`as ${slot}`, `Use this face of ${face.subject} as the ${slot}`, () => takeEnrolled(face.id, slot)),
  );
  return h(
    "li",
    { class: "person", "data-face": face.id },
    thumbnailOf(face),
    h("strong", { class: "who" }, face.subject),
    ...uses,
    small("Erase", `Erase this face of ${face.subject}`, () => remove(face)),
  );
}

const small = (text, label, work) =>
  h("button", { type: "button", class: "plain", "aria-label": label, onclick: () => attempt(work) }, text);

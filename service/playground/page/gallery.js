// Who is enrolled: enrolling, listing and erasing faces, and the generated people to begin with.

import { erase, get, post, request } from "./api.js";
import { $, announce, ask, h, say } from "./dom.js";
import { alignOf, pictureOf } from "./faces.js";
import { twoDigits } from "./parts.js";
import { record } from "./snippet.js";
import { onChange, SLOTS, state } from "./state.js";

const PAGE = 12;
let shown = { collection: null, cursor: null };

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

async function attempt(work) {
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

async function refresh() {
  const { collections } = await get("collections");
  $("#empty").hidden = collections.length > 0;
  const names = collections.map(({ name }) => name);
  const search = $("#search-collection");
  const wanted = search.value;
  search.replaceChildren(h("option", { value: "" }, "all"), ...names.map((name) => h("option", { value: name }, name)));
  search.value = names.includes(wanted) ? wanted : "";
  if (!names.includes(shown.collection)) shown.collection = names[0] ?? null;
  $("#collections").replaceChildren(
    ...collections.map(({ name, faces, subjects }) =>
      h(
        "button",
        { type: "button", class: "chip", "aria-pressed": String(name === shown.collection), onclick: () => attempt(() => open(name)) },
        `${name}: ${faces} ${faces === 1 ? "face" : "faces"} of ${subjects}`,
      ),
    ),
  );
  $("#enrolled").replaceChildren();
  shown.cursor = null;
  $("#more").hidden = true;
  if (shown.collection !== null) await more();
}

async function open(collection) {
  shown.collection = collection;
  await refresh();
}

async function more() {
  const query = [["collection", shown.collection], ["limit", PAGE]];
  if (shown.cursor) query.push(["cursor", shown.cursor]);
  const page = await get("faces", query);
  $("#enrolled").append(...page.faces.map((face) => faceRow(face, [])));
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
  for (const row of document.querySelectorAll(`[data-face="${id}"]`)) row.remove();
  await refresh();
  $("#gallery").focus();
}

/** An enrolled face in a list, with its similarities where a search found it. */
export function faceRow(face, similarities) {
  const bars = similarities.map(([name, value]) =>
    h(
      "span",
      { class: "bar" },
      h("span", {}, name),
      h("meter", { min: 0, max: 1, value: Math.max(value, 0), "aria-label": `${name} similarity` }),
      h("span", {}, twoDigits(value)),
    ),
  );
  const thumbnail = h("span", { class: "thumbnail", "aria-hidden": "true" }, [...face.subject][0]);
  showCrop(face.id, thumbnail);
  return h(
    "li",
    { class: "person", "data-face": face.id },
    thumbnail,
    h("div", { class: "who" }, h("strong", {}, face.subject), h("span", { class: "quiet" }, face.collection), ...bars),
    h("button", { type: "button", class: "plain", "aria-label": `Erase this face of ${face.subject}`, onclick: () => attempt(() => remove(face)) }, "Erase"),
  );
}

/** Where a crop was kept it takes the place of the initial; a face may be gone by now, and then has none. */
async function showCrop(id, thumbnail) {
  const response = await request("GET", `faces/${encodeURIComponent(id)}/crop`, { accept: "image/png" }).catch(() => null);
  if (response?.status !== 200) return;
  const url = URL.createObjectURL(await response.blob());
  const image = h("img", { alt: "", src: url, width: 56, height: 56, onload: () => URL.revokeObjectURL(url) });
  thumbnail.replaceChildren(image);
}

// Search by the edited face: which of its parts the results shall have, and which they shall not have.

import { post } from "../base/api.js";
import { $, announce, h, say, slider } from "../base/dom.js";
import { onChange, set, state } from "../base/state.js";
import { isOpen, onOpened } from "../base/tabs.js";
import { twoDigits } from "../edit/parts.js";
import { takeEnrolled, thumbnailOf } from "./enrolled.js";
import { record } from "./snippet.js";

const K = 16;
const PAUSE = 250; // milliseconds without a change, after which the search follows the face
const FIRST = { identity: 1 }; // what is searched by until the reader says otherwise

const sliders = {};
let timer = null;
let asked = 0;

const weightOf = (name) => state.weights[name] ?? FIRST[name] ?? 0;

/** Make the sliders, and let the results follow. */
export function setUpSearch() {
  $("#terms").append(...state.model.attributes.map(({ name }) => term(name)));
  $("#search-form").addEventListener("submit", (event) => event.preventDefault());
  $("#search-collection").addEventListener("change", () => search(true));
  onOpened((name) => {
    if (name === "search") later();
  });
  onChange((name) => {
    if (name === "weights") for (const [weighed, { set: show }] of Object.entries(sliders)) show(weightOf(weighed));
    if (name === "edited") later();
  });
}

function term(name) {
  sliders[name] = slider({
    id: `like-${name}`,
    label: name,
    min: -1,
    max: 1,
    step: 0.1,
    value: weightOf(name),
    write: (weight) => (weight ? `${weight < 0 ? "unlike" : "like"} ${Math.abs(weight).toFixed(1)}` : "any"),
    oninput: (weight) => {
      set("weights", { ...state.weights, [name]: weight });
      later(true);
    },
  });
  return sliders[name].row;
}

/** Search again when nothing changes any more; `chosen` says that the reader asked for it. */
function later(chosen = false) {
  clearTimeout(timer);
  timer = setTimeout(() => search(chosen), PAUSE);
}

/** Nobody is asked for while nobody is enrolled, or while nobody looks. */
const wanted = () => state.edited && isOpen("search") && $("#empty").hidden;

/** Search by the edited face as it is now. */
export async function search(chosen = false) {
  if (!wanted()) return;
  const number = ++asked;
  const weights = state.model.attributes.map(({ name }) => [name, weightOf(name)]).filter(([, weight]) => weight);
  if (!weights.length) {
    show([], []);
    say($("#searched"), "Every slider is at any: move one to search by that part.");
    return;
  }
  const collection = $("#search-collection").value;
  const { embedding } = state.edited;
  const query = [...weights.map(([name, weight]) => ["attr", `${name}:${weight}`]), ["k", K]];
  if (collection) query.push(["collection", collection]);
  try {
    const found = await post("search", { query, json: { embedding } });
    if (number !== asked) return;
    show(found.results, weights.map(([name]) => name));
    const count = `${found.results.length} of ${found.searched} faces`;
    say($("#searched"), count);
    say($("#search-problem"), null);
    if (!chosen) return;
    announce(`Found ${count}.`);
    const args = { "": embedding, attr: Object.fromEntries(weights), k: K, ...(collection && { collection }) };
    record("Searched", { method: "POST", path: "search", query, json: { embedding } }, { call: "search", args, shows: true });
  } catch (error) {
    say($("#search-problem"), error.message);
  }
}

/** Faces that are shown already keep their pictures. */
function show(faces, names) {
  const list = $("#results");
  const there = new Map([...list.children].map((item) => [item.dataset.face, item]));
  list.replaceChildren(...faces.map((face) => found(there.get(face.id) ?? item(face), face, names)));
}

function item(face) {
  const button = h(
    "button",
    {
      type: "button",
      class: "tile-button",
      "aria-label": `Take this face of ${face.subject} as the second face`,
      onclick: () => take(face.id),
    },
    thumbnailOf(face),
  );
  return h("li", { "data-face": face.id }, button, h("strong", {}, face.subject), h("span", { class: "likeness quiet" }));
}

async function take(id) {
  try {
    await takeEnrolled(id, "second");
  } catch (error) {
    say($("#search-problem"), error.message);
  }
}

function found(node, face, names) {
  const figures = names.map((name) => twoDigits(face.similarities[name]));
  const line = $(".likeness", node);
  line.textContent = figures.join(" · ");
  line.title = `similarity: ${names.map((name, place) => `${name} ${figures[place]}`).join(", ")}`;
  return node;
}

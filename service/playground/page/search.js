// Search by any attribute of either face, or by a mixture of both.

import { post } from "./api.js";
import { $, announce, h, say, slider } from "./dom.js";
import { faceRow } from "./gallery.js";
import { alignOf, pictureOf } from "./faces.js";
import { record } from "./snippet.js";
import { onChange, state } from "./state.js";

const K = 12;
const weights = {};

/** Make the form work. */
export function setUpSearch() {
  $("#terms").append(...state.model.attributes.map(({ name }) => term(name)));
  $("#search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  onChange(() => {
    for (const { name } of state.model.attributes) {
      const [, , second] = document.getElementsByName(`term-${name}`);
      second.disabled = !state.second;
    }
  });
}

/** A row: which face lends the attribute, and how much it counts; below 0 the results are unlike it. */
function term(name) {
  const choose = () => {
    weights[name].input.disabled = chosen(name) === "";
  };
  const choices = [["", "any"], ["first", "first"], ["second", "second"]].map(([value, text]) =>
    h(
      "label",
      { class: "chip" },
      h("input", {
        type: "radio",
        name: `term-${name}`,
        value,
        onchange: choose,
        checked: value === (name === "identity" ? "first" : ""),
        disabled: value === "second",
      }),
      text,
    ),
  );
  weights[name] = slider({
    id: `weight-${name}`,
    label: `Weight of ${name}`,
    min: -1,
    max: 1,
    step: 0.1,
    value: 1,
    write: (weight) => `${weight < 0 ? "unlike" : "like"} ${Math.abs(weight).toFixed(1)}`,
  });
  $("label", weights[name].row).className = "visually-hidden";
  weights[name].input.disabled = name !== "identity";
  return h(
    "fieldset",
    { class: "bare term" },
    h("legend", {}, name),
    h("div", { class: "chips" }, ...choices),
    weights[name].row,
  );
}

const chosen = (name) => [...document.getElementsByName(`term-${name}`)].find((radio) => radio.checked).value;

async function search() {
  const names = state.model.attributes.map(({ name }) => name);
  const terms = names
    .map((name) => ({ name, slot: chosen(name), weight: Number(weights[name].input.value) }))
    .filter(({ slot, weight }) => slot && state[slot] && weight);
  if (!terms.length) {
    say($("#search-problem"), "Choose at least one attribute, with a weight that is not 0.");
    return;
  }
  // A mixture of two faces is a face: each attribute comes from the one that lends it.
  const lender = Object.fromEntries(terms.map(({ name, slot }) => [name, state[slot]]));
  const embedding = Object.fromEntries(names.map((name) => [name, (lender[name] ?? state.first).embedding[name]]));
  const collection = $("#search-collection").value;
  const query = [...terms.map(({ name, weight }) => ["attr", `${name}:${weight}`]), ["k", K]];
  if (collection) query.push(["collection", collection]);
  try {
    const found = await post("search", { query, json: { embedding } });
    const named = new Set(terms.map(({ name }) => name));
    $("#results").replaceChildren(
      ...found.results.map((face) => faceRow(face, Object.entries(face.similarities).filter(([name]) => named.has(name)))),
    );
    const count = `${found.results.length} of ${found.searched} faces`;
    $("#searched").textContent = found.searched ? count : "There is nobody to search among yet.";
    say($("#search-problem"), null);
    announce(`Found ${count}.`);
    recordSearch(terms, query, embedding, collection);
  } catch (error) {
    say($("#search-problem"), error.message);
  }
}

/** By pictures where both are aligned the same way, else by the mixed embedding. */
function recordSearch(terms, query, embedding, collection) {
  const { first, second } = state;
  const attr = Object.fromEntries(terms.map(({ name, weight }) => [name, weight]));
  const args = { attr, k: K, ...(collection && { collection }) };
  const lent = terms.filter(({ slot }) => slot === "second").map(({ name }) => name);
  if (lent.length && first.align !== second.align) {
    record("Searched", { method: "POST", path: "search", query, json: { embedding } }, {
      call: "search",
      args: { "": embedding, ...args },
      shows: true,
    });
    return;
  }
  const form = { image: pictureOf(first) };
  if (lent.length) {
    form.source = pictureOf(second);
    Object.assign(args, { source: pictureOf(second), source_attr: lent });
  }
  if (first.align !== "auto") args.align = first.align;
  const fullQuery = [...query, ...lent.map((name) => ["source_attr", name]), ...alignOf(first)];
  record("Searched", { method: "POST", path: "search", query: fullQuery, form }, {
    call: "search",
    args: { "": pictureOf(first), ...args },
    shows: true,
  });
}

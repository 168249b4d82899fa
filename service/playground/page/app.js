// The playground: puts its parts together.

import { get, onKeyWanted } from "./api.js";
import { $, $$, ask, say } from "./dom.js";
import { setUpEdit } from "./edit.js";
import { setUpFaces, take } from "./faces.js";
import { setUpGallery } from "./gallery.js";
import { setUpSearch } from "./search.js";
import { setUpSnippet } from "./snippet.js";
import { onChange, readAddress, set, SLOTS, state } from "./state.js";
import { setUpTheme } from "./theme.js";
import { setUpVariations } from "./variations.js";

function showNeeds() {
  for (const node of $$("[data-needs]")) node.hidden = state[node.dataset.needs] !== null;
  for (const node of $$("[data-with]")) node.hidden = state[node.dataset.with] === null;
}

async function start() {
  setUpTheme();
  onKeyWanted((again) =>
    ask(again ? "This key was refused. Another one?" : "This service wants a key.", "Use it", "Key"),
  );
  state.model = await get("model");
  $("#model-line").textContent = `${state.model.id}, ${state.model.image_size} pixels`;
  setUpSnippet();
  setUpFaces();
  setUpEdit();
  setUpVariations();
  setUpSearch();
  onChange(showNeeds);
  showNeeds();
  const attributes = state.model.attributes.map(({ name }) => name);
  const { edits, seeds } = readAddress(attributes, state.model.presets.expression ?? []);
  await setUpGallery();
  for (const slot of SLOTS) if (slot in seeds) await take(slot, seeds[slot]);
  set("edits", edits);
  document.body.dataset.ready = "true";
}

start().catch((error) => say($("#notice"), error.message));

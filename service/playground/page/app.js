// The playground: puts its parts together, and opens with two faces.

import { readEdits, readSeeds, setUpAddress } from "./base/address.js";
import { get, onKeyWanted } from "./base/api.js";
import { $, ask, say } from "./base/dom.js";
import { followSizes } from "./base/sizes.js";
import { set, SLOTS, state } from "./base/state.js";
import { setUpTabs } from "./base/tabs.js";
import { setUpTheme } from "./base/theme.js";
import { setUpControls } from "./edit/controls.js";
import { setUpEdit } from "./edit/edit.js";
import { setUpSaving } from "./edit/save.js";
import { introduce, setUpTurning } from "./edit/turn.js";
import { generated, setUpFaces, take } from "./faces/faces.js";
import { setUpSnippet } from "./panels/snippet.js";

const OPENING = { first: 43, second: 42 }; // seeds of faces that differ in every part

async function start() {
  setUpTheme();
  onKeyWanted((again) =>
    ask(again ? "This key was refused. Another one?" : "This service wants a key.", "Use it", "Key"),
  );
  const fresh = location.hash.length < 2;
  const seeds = { ...OPENING, ...readSeeds() };
  // Asked for at once; what fails is said where each face is awaited.
  const drawn = Object.fromEntries(SLOTS.map((slot) => [slot, generated(seeds[slot])]));
  for (const promise of Object.values(drawn)) promise.catch(() => {});
  state.model = await get("model");
  $("#model-line").textContent = `Model ${state.model.id} draws ${state.model.image_size} pixels.`;
  followSizes(state.model.image_size);
  for (const part of PARTS) part();
  const { edits, weights } = readEdits(state.model);
  set("weights", weights);
  set("edits", edits);
  setUpAddress();
  await Promise.all(SLOTS.map((slot) => take(slot, seeds[slot], drawn[slot])));
  performance.mark("faces");
  const { setUpPanels } = await import("./panels/panels.js");
  await setUpPanels();
  document.body.dataset.ready = "true";
  if (fresh) introduce();
}

const PARTS = [setUpSnippet, setUpTabs, setUpFaces, setUpControls, setUpEdit, setUpTurning, setUpSaving];

start().catch((error) => say($("#notice"), error.message));

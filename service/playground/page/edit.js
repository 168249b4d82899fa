// The edited face, which follows the sliders: the next request goes out when the last has answered.

import { draw } from "./api.js";
import { $, announce, h, say, slider } from "./dom.js";
import { alignOf, pictureOf } from "./faces.js";
import { record } from "./snippet.js";
import { ANGLES, changeEdits, editList, onChange, resetEdits, state } from "./state.js";

const REACH = { yaw: 60, pitch: 45, roll: 45 };
const EXPLAINED = { yaw: "Turn", pitch: "Nod", roll: "Tilt" };
const WAYS = { yaw: ["left", "right"], pitch: ["down", "up"], roll: ["left", "right"] };

const sliders = {};
const percent = (share) => `${Math.round(100 * share)} %`;

function angleInWords(angle, degrees) {
  const [low, high] = WAYS[angle];
  const size = Math.abs(Math.round(degrees));
  return size ? `${size}° ${degrees < 0 ? low : high}` : "0°";
}

/** Make the controls, and let the picture follow them. */
export function setUpEdit() {
  for (const angle of ANGLES) addAngle(angle);
  addPresets();
  for (const { name } of state.model.attributes) addBorrowing(name);
  $("#reset").addEventListener("click", resetEdits);
  $("#download-pasted").addEventListener("click", downloadPasted);
  onChange((name) => {
    showControls();
    if (state.first) follow();
    if (name === "first") $("#download-pasted").hidden = state.first?.align !== "auto";
  });
  showControls();
}

function addAngle(angle) {
  sliders[angle] = slider({
    id: `edit-${angle}`,
    label: EXPLAINED[angle],
    min: -REACH[angle],
    max: REACH[angle],
    step: 1,
    value: 0,
    write: (degrees) => angleInWords(angle, degrees),
    oninput: (degrees) => changeEdits({ pose: { ...state.edits.pose, [angle]: degrees } }),
  });
  $("#pose").append(sliders[angle].row);
}

function addPresets() {
  const names = ["", ...(state.model.presets.expression ?? [])];
  const chips = names.map((name) =>
    h(
      "label",
      { class: "chip" },
      h("input", { type: "radio", name: "preset", value: name, onchange: () => changeEdits({ preset: name || null }) }),
      name || "as it is",
    ),
  );
  $("#presets").append(...chips);
  sliders.amount = slider({
    id: "edit-amount",
    label: "Amount",
    min: 0,
    max: 1.5,
    step: 0.05,
    value: 1,
    write: percent,
    oninput: (amount) => changeEdits({ amount }),
  });
  $("#expression").append(sliders.amount.row);
}

function addBorrowing(name) {
  const without = () => Object.fromEntries(Object.entries(state.edits.take).filter(([taken]) => taken !== name));
  const box = h("input", {
    type: "checkbox",
    role: "switch",
    id: `take-${name}`,
    onchange: () => {
      const share = Number(sliders[name].input.value);
      changeEdits({ take: box.checked ? { ...state.edits.take, [name]: share } : without() });
    },
  });
  sliders[name] = slider({
    id: `take-${name}-amount`,
    label: `Amount of ${name}`,
    min: 0,
    max: 1,
    step: 0.05,
    value: 1,
    write: percent,
    oninput: (share) => changeEdits({ take: { ...state.edits.take, [name]: share } }),
  });
  const label = h("label", { class: "switch", for: `take-${name}` }, box, name);
  $("label", sliders[name].row).className = "visually-hidden";
  $("#borrow").append(h("div", { class: "borrowing", "data-with": "second" }, label, sliders[name].row));
}

/** Let the controls say what the state says; an angle that no edit sets is the face's own. */
function showControls() {
  const { pose, preset, amount, take } = state.edits;
  for (const angle of ANGLES) {
    const own = state.first ? (180 / Math.PI) * ownAngle(angle) : 0;
    sliders[angle].set(Math.round(pose[angle] ?? own));
  }
  for (const radio of document.getElementsByName("preset")) radio.checked = radio.value === (preset ?? "");
  sliders.amount.set(amount);
  sliders.amount.input.disabled = !preset;
  for (const { name } of state.model.attributes) {
    $(`#take-${name}`).checked = name in take;
    sliders[name].set(take[name] ?? 1);
    sliders[name].input.disabled = !state.second || !(name in take);
    $(`#take-${name}`).disabled = !state.second;
  }
  $("#reset").disabled = !editList("source:0").length;
}

function ownAngle(angle) {
  const order = ["pitch", "yaw", "roll"];
  return state.first.embedding.pose[order.indexOf(angle)];
}

let wanted = false;
let running = false;

async function follow() {
  wanted = true;
  if (running) return;
  running = true;
  try {
    while (wanted) {
      wanted = false;
      await drawEdited();
    }
  } finally {
    running = false;
  }
}

async function drawEdited() {
  const { first, second } = state;
  const edits = editList(second?.embedding);
  try {
    const blob = await draw("edit", { json: { embedding: first.embedding, edits } });
    showEdited(blob, describe(editList("source:0")));
    say($("#edit-problem"), null);
    if (edits.length) recordEdit(false);
  } catch (error) {
    say($("#edit-problem"), error.message);
  }
}

function showEdited(blob, words) {
  const image = $("#edited");
  const old = image.src;
  image.src = URL.createObjectURL(blob);
  image.alt = `The first face, ${words}`;
  $("#download").href = image.src;
  $("#edited-caption").textContent = words;
  announce(`Drawn: ${words}`);
  if (old.startsWith("blob:")) URL.revokeObjectURL(old);
}

function describe(edits) {
  const parts = edits.map((edit) => {
    if (edit.set) return Object.entries(edit.set).map(([angle, degrees]) => `${angle} ${degrees}°`).join(", ");
    return `${edit.preset ?? edit.attribute} ${percent(edit.amount)}`;
  });
  return parts.join(", ") || "drawn back unchanged";
}

/** Pictures name the faces where both are aligned the same way, else their embeddings do. */
function recordEdit(paste) {
  const { first, second } = state;
  const borrows = second && Object.keys(state.edits.take).length > 0;
  const saves = paste ? "edited-photograph.png" : "edited.png";
  if (borrows && first.align !== second.align) {
    const edits = editList(second.embedding);
    record(
      "Edited a face",
      { method: "POST", path: "edit", json: { embedding: first.embedding, edits }, saves },
      { call: "edit", args: { "": first.embedding, edits }, saves },
    );
    return;
  }
  const edits = editList("source:0");
  const query = [...alignOf(first), ...(paste ? [["paste", "true"]] : [])];
  const form = { image: pictureOf(first), ...(borrows && { source: pictureOf(second) }), edits: JSON.stringify(edits) };
  const args = { "": pictureOf(first), edits, ...(borrows && { sources: [pictureOf(second)] }) };
  if (first.align !== "auto") args.align = first.align;
  if (paste) args.paste = true;
  record("Edited a face", { method: "POST", path: "edit", query, form, saves }, { call: "edit", args, saves });
}

async function downloadPasted() {
  const { first, second } = state;
  const edits = JSON.stringify(editList(second?.embedding));
  try {
    const form = { image: pictureOf(first), edits };
    const blob = await draw("edit", { form, query: [...alignOf(first), ["paste", "true"]] });
    const url = URL.createObjectURL(blob);
    h("a", { href: url, download: "edited-photograph.png" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    recordEdit(true);
  } catch (error) {
    say($("#edit-problem"), error.message);
  }
}

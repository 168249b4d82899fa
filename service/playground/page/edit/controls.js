// One row for each part of the face: what it is made of, and a slider for each thing that can change.

import { $, h, say, slider } from "../base/dom.js";
import { ANGLES, changeEdits, editList, onChange, resetEdits, restingPose, state } from "../base/state.js";
import { compass, similarity, strip, twoDigits } from "./parts.js";

/** How far the sliders go, in degrees. */
export const REACH = { yaw: 60, pitch: 45, roll: 45 };
const CALLED = { yaw: "turn", pitch: "nod", roll: "tilt" };
const WAYS = { yaw: ["left", "right"], pitch: ["down", "up"], roll: ["left", "right"] };
const MEANT = {
  pose: "where the head points",
  identity: "who it is",
  expression: "what the face does",
  style: "light, colour, hair",
};
const ALIKE = "similarity of the first and the second face, 1 where they are equal";

const sliders = {};
const percent = (share) => `${Math.round(100 * share)} %`;

function angleInWords(angle, degrees) {
  const [low, high] = WAYS[angle];
  const size = Math.abs(Math.round(degrees));
  return size ? `${size}° ${degrees < 0 ? low : high}` : "0°";
}

/** Make the rows. */
export function setUpControls() {
  $("#parts").append(...state.model.attributes.map(row));
  $("#reset").addEventListener("click", resetEdits);
  onChange((name) => {
    if (["first", "second", "edits"].includes(name)) showControls();
    if (["first", "second"].includes(name)) showAlike();
    if (name === "edited") showStrips();
  });
  showControls();
}

function row({ name, distance, size }) {
  const unit = distance === "cosine";
  const numbers = h("div", { class: "numbers", title: `${size} numbers${unit ? ", warm above 0 and cold below" : ""}` });
  const controls = unit ? [numbers, blend(name)] : ANGLES.map(angle);
  if (state.model.presets[name]) controls.push(...presets(name));
  return h(
    "section",
    { class: "part", id: `part-${name}`, "aria-labelledby": `part-${name}-title` },
    h(
      "div",
      { class: "what" },
      h("h3", { id: `part-${name}-title` }, name),
      h("span", { class: "quiet small" }, MEANT[name] ?? ""),
      unit ? h("span", { class: "alike quiet small", title: ALIKE }) : numbers,
    ),
    h("div", { class: "how" }, ...controls),
  );
}

function angle(name) {
  sliders[name] = slider({
    id: `edit-${name}`,
    label: CALLED[name],
    min: -REACH[name],
    max: REACH[name],
    step: 1,
    value: 0,
    write: (degrees) => angleInWords(name, degrees),
    oninput: (degrees) => changeEdits({ pose: { ...state.edits.pose, [name]: degrees } }),
  });
  return sliders[name].row;
}

/** From the first face's part, at 0, to the second's. */
function blend(name) {
  sliders[name] = slider({
    id: `take-${name}`,
    label: "to second face",
    min: 0,
    max: 1,
    step: 0.05,
    value: 0,
    write: percent,
    oninput: (share) => blendTo(name, share),
  });
  sliders[name].input.setAttribute("aria-label", `${name}, to second face`);
  return sliders[name].row;
}

/** Take a share of a part of the second face. */
export function blendTo(name, share) {
  const { [name]: _, ...others } = state.edits.take;
  changeEdits({ take: share ? { ...others, [name]: share } : others });
}

function presets(name) {
  const chips = ["", ...state.model.presets[name]].map((preset) =>
    h(
      "label",
      { class: "chip" },
      h("input", { type: "radio", name: "preset", value: preset, onchange: () => changeEdits({ preset: preset || null }) }),
      preset || "as it is",
    ),
  );
  sliders.amount = slider({
    id: "edit-amount",
    label: "how much",
    min: 0,
    max: 1.5,
    step: 0.05,
    value: 1,
    write: percent,
    oninput: (amount) => changeEdits({ amount }),
  });
  const group = h("div", { id: "presets", class: "chips", role: "group", "aria-label": `${name} presets` }, ...chips);
  return [group, sliders.amount.row];
}

/** Let the controls say what the state says; an angle that no edit sets is the face's own. */
function showControls() {
  const { preset, amount, take } = state.edits;
  showAngles(restingPose());
  for (const name of ANGLES) sliders[name].input.disabled = !state.first;
  for (const radio of document.getElementsByName("preset")) radio.checked = radio.value === (preset ?? "");
  if (sliders.amount) {
    sliders.amount.set(amount);
    sliders.amount.input.disabled = !preset;
  }
  for (const { name, distance } of state.model.attributes) {
    if (distance !== "cosine") continue;
    sliders[name].set(take[name] ?? 0);
    sliders[name].input.disabled = !state.second;
  }
  $("#reset").disabled = !editList("source:0").length;
}

/** Let the sliders and the ball show a pose, in degrees. */
export function showAngles(pose) {
  for (const name of ANGLES) sliders[name].set(Math.round(pose[name]));
  $("#part-pose .numbers").replaceChildren(compass(pose));
}

function showStrips() {
  for (const { name, distance } of state.model.attributes) {
    if (distance === "cosine") $(`#part-${name} .numbers`).replaceChildren(strip(state.edited.embedding[name]));
  }
}

function showAlike() {
  const { first, second, model } = state;
  for (const entry of model.attributes) {
    const node = $(`#part-${entry.name} .alike`);
    const both = node && first && second;
    if (both) say(node, `similarity ${twoDigits(similarity(entry, first.embedding[entry.name], second.embedding[entry.name]))}`);
  }
}

// The state in the page's address, as far as it is safe to share: seeds and sliders, never a photograph.

import { ANGLES, onChange, SLOTS, state } from "./state.js";

const PAUSE = 300; // milliseconds between two changes of the address, which browsers hold back otherwise

let due = null;

/** Keep the address up with the state from now on. */
export function setUpAddress() {
  onChange((name) => {
    if (name !== "edited") save();
  });
}

/** At once, or after the pause where it has just been written. */
function save() {
  if (due) {
    due.again = true;
    return;
  }
  write();
  due = { again: false };
  setTimeout(() => {
    const { again } = due;
    due = null;
    if (again) save();
  }, PAUSE);
}

function write() {
  const kept = fragmentOf();
  const place = kept ? `#${kept}` : location.pathname + location.search;
  if (place !== location.hash) history.replaceState(null, "", place);
}

/** The fragment that brings the state back; a generated face is named by its seed. */
function fragmentOf() {
  const { pose, preset, amount, take } = state.edits;
  const kept = new URLSearchParams();
  for (const slot of SLOTS) if (Number.isInteger(state[slot]?.seed)) kept.set(slot, state[slot].seed);
  for (const [angle, degrees] of Object.entries(pose)) kept.set(angle, degrees);
  if (preset) kept.set("preset", `${preset}:${amount}`);
  for (const [attribute, share] of Object.entries(take)) kept.set(`take-${attribute}`, share);
  for (const [attribute, weight] of Object.entries(state.weights)) kept.set(`like-${attribute}`, weight);
  return kept.toString();
}

const fragment = () => new URLSearchParams(location.hash.slice(1));

const within = (text, low, high) => {
  const number = Number(text);
  return text !== null && text !== "" && number >= low && number <= high ? number : null;
};

/** The seeds that the address names. */
export function readSeeds() {
  const kept = fragment();
  const seeds = SLOTS.map((slot) => [slot, within(kept.get(slot), 0, 2 ** 32 - 1)]);
  return Object.fromEntries(seeds.filter(([, seed]) => Number.isInteger(seed)));
}

/** The edits and the weights of the search that the address names; what makes no sense is left out. */
export function readEdits({ attributes, presets }) {
  const kept = fragment();
  const edits = { pose: {}, preset: null, amount: 1, take: {} };
  const weights = {};
  for (const angle of ANGLES) {
    const degrees = within(kept.get(angle), -90, 90);
    if (degrees !== null) edits.pose[angle] = degrees;
  }
  const [preset, amount] = (kept.get("preset") ?? "").split(":");
  if ((presets.expression ?? []).includes(preset)) {
    Object.assign(edits, { preset, amount: within(amount ?? null, 0, 2) ?? 1 });
  }
  for (const { name, distance } of attributes) {
    const share = distance === "cosine" ? within(kept.get(`take-${name}`), 0, 1) : null;
    if (share) edits.take[name] = share;
    const weight = within(kept.get(`like-${name}`), -1, 1);
    if (weight !== null) weights[name] = weight;
  }
  return { edits, weights };
}

// What the page knows: two faces and the edits; the part of it that is safe to share is in the address.

export const ANGLES = ["yaw", "pitch", "roll"];
export const SLOTS = ["first", "second"];

/** `take` maps an attribute to the amount taken of the second face; angles are in degrees. */
const untouched = () => ({ pose: {}, preset: null, amount: 1, take: {} });

export const state = { model: null, first: null, second: null, edits: untouched() };

const listeners = [];

/** Call a function after each change, with the name of what changed: `first`, `second` or `edits`. */
export function onChange(listener) {
  listeners.push(listener);
}

/** Set `first`, `second` or `edits`. */
export function set(name, value) {
  state[name] = value;
  for (const listener of listeners) listener(name);
  save();
}

export function changeEdits(change) {
  set("edits", { ...state.edits, ...change });
}

export function resetEdits() {
  set("edits", untouched());
}

/** The edits as the service takes them; `source` is what parts of the second face are named by. */
export function editList(source) {
  const { pose, preset, amount, take } = state.edits;
  const edits = [];
  if (state.second) {
    for (const [attribute, share] of Object.entries(take)) edits.push({ attribute, from: source, amount: share });
  }
  if (preset) edits.push({ attribute: "expression", preset, amount });
  if (Object.keys(pose).length) edits.push({ attribute: "pose", set: pose });
  return edits;
}

/** A photograph stays out of the address; a generated face is named by its seed. */
function save() {
  const { pose, preset, amount, take } = state.edits;
  const kept = new URLSearchParams();
  for (const slot of SLOTS) if (Number.isInteger(state[slot]?.seed)) kept.set(slot, state[slot].seed);
  for (const [angle, degrees] of Object.entries(pose)) kept.set(angle, degrees);
  if (preset) kept.set("preset", `${preset}:${amount}`);
  for (const [attribute, share] of Object.entries(take)) kept.set(`take-${attribute}`, share);
  const fragment = kept.toString();
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
}

const within = (text, low, high) => {
  const number = Number(text);
  return text !== null && text !== "" && number >= low && number <= high ? number : null;
};

/** The seeds and the edits that the address names; what makes no sense is left out. */
export function readAddress(attributes, presets) {
  const kept = new URLSearchParams(location.hash.slice(1));
  const edits = untouched();
  for (const angle of ANGLES) {
    const degrees = within(kept.get(angle), -90, 90);
    if (degrees !== null) edits.pose[angle] = degrees;
  }
  const [preset, amount] = (kept.get("preset") ?? "").split(":");
  if (presets.includes(preset)) Object.assign(edits, { preset, amount: within(amount ?? null, 0, 2) ?? 1 });
  for (const attribute of attributes) {
    const share = within(kept.get(`take-${attribute}`), 0, 1);
    if (share !== null) edits.take[attribute] = share;
  }
  const seeds = {};
  for (const slot of SLOTS) {
    const seed = within(kept.get(slot), 0, 2 ** 32 - 1);
    if (Number.isInteger(seed)) seeds[slot] = seed;
  }
  return { edits, seeds };
}

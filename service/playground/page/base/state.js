// What the page knows: two faces, the edits, the face that comes of them, and what is searched for.

export const ANGLES = ["yaw", "pitch", "roll"];
export const SLOTS = ["first", "second"];
const ORDER = ["pitch", "yaw", "roll"]; // of the angles in an embedding

/** `take` maps an attribute to the amount taken of the second face; angles are in degrees. */
const untouched = () => ({ pose: {}, preset: null, amount: 1, take: {} });

/** A face is `{blob, name, align, seed, embedding}`, the edited one `{blob, embedding}`. */
export const state = { model: null, first: null, second: null, edits: untouched(), edited: null, weights: {} };

const listeners = [];

/** Call a function after each change, with the name of what changed. */
export function onChange(listener) {
  listeners.push(listener);
}

/** Set `first`, `second`, `edits`, `edited` or `weights`. */
export function set(name, value) {
  state[name] = value;
  for (const listener of listeners) listener(name);
}

export function changeEdits(change) {
  set("edits", { ...state.edits, ...change });
}

export function resetEdits() {
  set("edits", untouched());
}

/** An angle of an embedding, in degrees. */
export const angleOf = (embedding, angle) => (180 / Math.PI) * embedding.pose[ORDER.indexOf(angle)];

/** The pose that the edits ask for, in degrees. */
export function restingPose() {
  const { first, edits } = state;
  return Object.fromEntries(
    ANGLES.map((angle) => [angle, edits.pose[angle] ?? (first ? angleOf(first.embedding, angle) : 0)]),
  );
}

/** The edits as the service takes them; `source` is what parts of the second face are named by. */
export function editList(source, pose = state.edits.pose) {
  const { preset, amount, take } = state.edits;
  const edits = [];
  if (state.second) {
    for (const [attribute, share] of Object.entries(take)) edits.push({ attribute, from: source, amount: share });
  }
  if (preset) edits.push({ attribute: "expression", preset, amount });
  if (Object.keys(pose).length) edits.push({ attribute: "pose", set: pose });
  return edits;
}

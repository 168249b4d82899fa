// A grid that walks from the first face to the second, one part a row.

import { draw } from "../base/api.js";
import { $, h, say, showBlob } from "../base/dom.js";
import { angleOf, ANGLES, changeEdits, onChange, state } from "../base/state.js";
import { isOpen, onOpened } from "../base/tabs.js";
import { blendTo } from "../edit/controls.js";

const FINE = 10; // steps from the one face to the other
const COARSE = 3; // and where the page is narrow
const AT_ONCE = 3;

let drawn = []; // the two faces that the grid shows

const narrow = matchMedia("(width < 40rem)");
const shares = () => {
  const steps = narrow.matches ? COARSE : FINE;
  return Array.from({ length: steps + 1 }, (_, step) => step / steps);
};

/** Let the grid be drawn when somebody looks, and again when a face changes. */
export function setUpWalk() {
  onOpened(() => walk());
  onChange((name) => {
    if (name === "first" || name === "second") walk();
    if (name === "edits") mark();
  });
}

const percent = (share) => `${Math.round(100 * share)} %`;

async function walk() {
  const { first, second, model } = state;
  if (!isOpen("walk") || !first || !second || (drawn[0] === first && drawn[1] === second)) return;
  drawn = [first, second];
  const images = [];
  const steps = shares();
  const cells = model.attributes.map((entry) => {
    const row = steps.map((share) => cell(entry, share));
    images.push(...row.map((button, place) => ({ image: $("img", button), entry, share: steps[place] })));
    return h("tr", {}, h("th", { scope: "row" }, entry.name), ...row.map((button) => h("td", {}, button)));
  });
  const head = steps.map((share) => h("th", { scope: "col" }, percent(share)));
  $("#walk-table").replaceChildren(
    h("caption", { class: "visually-hidden" }, "From the first face to the second"),
    h("thead", {}, h("tr", {}, h("td"), ...head)),
    h("tbody", {}, ...cells),
  );
  mark();
  await fill(images, first, second);
}

function cell({ name }, share) {
  return h(
    "button",
    { type: "button", class: "tile-button", "data-name": name, "data-share": share, onclick: () => choose(name, share) },
    h("img", { alt: `${name} ${percent(share)}` }),
  );
}

/** Draw the pictures a few at a time; those at 0 are one picture. */
async function fill(images, first, second) {
  const waiting = [...images];
  const start = draw("edit", { json: { embedding: first.embedding, edits: [] } });
  const work = async () => {
    for (let next = waiting.shift(); next && drawn[0] === first && drawn[1] === second; next = waiting.shift()) {
      const { image, entry, share } = next;
      const edits = [{ attribute: entry.name, from: second.embedding, amount: share }];
      showBlob(image, await (share ? draw("edit", { json: { embedding: first.embedding, edits } }) : start));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    say($("#walk-problem"), null);
  } catch (error) {
    drawn = [];
    say($("#walk-problem"), error.message);
  }
}

function choose(name, share) {
  if (isUnit(name)) blendTo(name, share);
  else changeEdits({ pose: share ? poseAt(share) : {} });
}

const isUnit = (name) => state.model.attributes.find((entry) => entry.name === name).distance === "cosine";

/** Angles in degrees, a share of the way from the first face's to the second's. */
function poseAt(share) {
  const { first, second } = state;
  return Object.fromEntries(
    ANGLES.map((angle) => {
      const [start, end] = [first, second].map((face) => angleOf(face.embedding, angle));
      return [angle, Math.round(start + share * (end - start))];
    }),
  );
}

/** Mark the pictures that the sliders stand at. */
function mark() {
  const { take, pose } = state.edits;
  for (const button of document.querySelectorAll("#walk-table button")) {
    const { name, share } = button.dataset;
    const chosen = isUnit(name)
      ? (take[name] ?? 0) === Number(share)
      : JSON.stringify(pose) === JSON.stringify(Number(share) ? poseAt(Number(share)) : {});
    button.setAttribute("aria-pressed", String(chosen));
  }
}

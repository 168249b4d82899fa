// The edited face, which follows the sliders and the pointer: the next request goes out when the last has answered.

import { draw, hasKey, post } from "../base/api.js";
import { $, announce, pngOf, say, showBlob } from "../base/dom.js";
import { paint, repaint } from "../base/sizes.js";
import { editList, onChange, set, state } from "../base/state.js";

const MINUTE = 60_000;
const FEWEST = 30; // milliseconds from one request to the next

const HINT = matchMedia("(hover: hover)").matches
  ? "Move over the face to turn it, click to keep it so"
  : "Drag across the face to turn it";

let lean = null; // angles that the pointer asks for while it is over the face
let settled = { key: null }; // what was drawn last without the pointer
let wanted = false;
let running = false;
const download = document.createElement("img"); // holds the address of the picture to download

/** Let the picture follow. */
export function setUpEdit() {
  onChange((name) => {
    if (["first", "second", "edits"].includes(name)) follow();
  });
  new ResizeObserver(() => repaint($("#edited"))).observe($("#edited"));
}

/** Draw the face in another pose for the moment, angles in degrees, or with null as the edits have it. */
export function leanTo(angles) {
  lean = angles;
  follow();
}

async function follow() {
  if (!state.first) return;
  wanted = true;
  if (running) return;
  running = true;
  try {
    while (wanted) {
      wanted = false;
      const start = performance.now();
      await drawEdited();
      const rest = pace() - (performance.now() - start);
      if (wanted && rest > 0) await new Promise((wake) => setTimeout(wake, rest));
    }
  } finally {
    running = false;
  }
}

/** A key's allowance lasts, even where the pointer never stands still. */
const pace = () => (hasKey() ? Math.max(FEWEST, (1.2 * MINUTE) / state.model.limits.max_requests) : FEWEST);

async function drawEdited() {
  const { first, second } = state;
  try {
    if (lean) {
      const edits = editList(second?.embedding, { ...state.edits.pose, ...lean });
      await paint($("#edited"), await draw("edit", { json: { embedding: first.embedding, edits } }));
    } else await settle(first, editList(second?.embedding), describe(editList("source:0")));
    say($("#edit-problem"), null);
  } catch (error) {
    say($("#edit-problem"), error.message);
  }
}

/** Draw the face as the edits have it, and take the embedding that was drawn as the edited one. */
async function settle(first, edits, words) {
  const key = JSON.stringify(edits);
  if (settled.first !== first || settled.key !== key) {
    const edited = edits.length || first.align === "auto" ? await edit(first.embedding, edits) : first;
    settled = { first, key, blob: edited.blob, embedding: edited.embedding };
  }
  const canvas = $("#edited");
  await paint(canvas, settled.blob);
  if (state.edited === settled) return;
  canvas.setAttribute("aria-label", `The first face, ${words}`);
  showBlob(download, settled.blob);
  $("#download").href = download.src;
  $("#edited-caption").textContent = edits.length ? words : HINT;
  announce(`Drawn: ${words}`);
  set("edited", settled);
}

async function edit(face, edits) {
  const { image, embedding } = await post("edit", { json: { embedding: face, edits } });
  return { blob: pngOf(image), embedding };
}

const percent = (share) => `${Math.round(100 * share)} %`;

function describe(edits) {
  const parts = edits.map((item) => {
    if (item.set) return Object.entries(item.set).map(([angle, degrees]) => `${angle} ${degrees}°`).join(", ");
    return `${item.preset ?? item.attribute} ${percent(item.amount)}`;
  });
  return parts.join(", ") || "unchanged";
}

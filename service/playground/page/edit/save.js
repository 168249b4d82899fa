// What leaves the page with the reader: a link to this state, the picture in its photograph, and the same as a command.

import { draw } from "../base/api.js";
import { $, announce, copyText, h, say } from "../base/dom.js";
import { editList, onChange, SLOTS, state } from "../base/state.js";
import { pictureOf } from "../faces/faces.js";
import { record } from "../panels/snippet.js";

/** Make the buttons work, and keep the command up with the edits. */
export function setUpSaving() {
  $("#link").addEventListener("click", copyLink);
  $("#download-pasted").addEventListener("click", downloadPasted);
  onChange((name) => {
    if (name === "first") $("#download-pasted").hidden = state.first.align !== "auto";
    if (name === "edited" && editList("source:0").length) recordEdit(false);
  });
}

async function copyLink() {
  const copied = await copyText(location.href, $("#link"));
  const kept = SLOTS.filter((slot) => !Number.isInteger(state[slot]?.seed));
  const words = kept.length ? ` It leaves out the ${kept.join(" and the ")} face: only generated faces can be in a link.` : "";
  announce(copied ? `The link is copied.${words}` : `The link is the address of this page.${words}`);
}

/** Photographs are named as files; drawn faces, whose numbers are exact, by their embeddings. */
function recordEdit(paste) {
  const { first, second } = state;
  const borrows = second && Object.keys(state.edits.take).length > 0;
  const saves = paste ? "edited-photograph.png" : "edited.png";
  if (first.align !== "auto") {
    const edits = editList(second?.embedding);
    record(
      "Edited a face",
      { method: "POST", path: "edit", json: { embedding: first.embedding, edits }, saves },
      { call: "edit", args: { "": first.embedding, edits }, saves },
    );
    return;
  }
  const named = borrows && second.align === "auto";
  const edits = editList(named ? "source:0" : second?.embedding);
  const query = paste ? [["paste", "true"]] : [];
  const form = { image: pictureOf(first), ...(named && { source: pictureOf(second) }), edits: JSON.stringify(edits) };
  const args = { "": pictureOf(first), edits, ...(named && { sources: [pictureOf(second)] }), ...(paste && { paste }) };
  record("Edited a face", { method: "POST", path: "edit", query, form, saves }, { call: "edit", args, saves });
}

async function downloadPasted() {
  const { first, second } = state;
  const form = { image: pictureOf(first), edits: JSON.stringify(editList(second?.embedding)) };
  try {
    const blob = await draw("edit", { form, query: [["paste", "true"]] });
    const url = URL.createObjectURL(blob);
    h("a", { href: url, download: "edited-photograph.png" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    recordEdit(true);
  } catch (error) {
    say($("#edit-problem"), error.message);
  }
}

// Subjects that are one person: every face of the one gets the name of the other.

import { change, get } from "../base/api.js";
import { $, announce, ask, h } from "../base/dom.js";
import { attempt, onCollection, refresh, shownCollection } from "./gallery.js";

const PAGE = 100;

/** Make the form work. */
export function setUpSubjects() {
  $("#merge-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(merge);
  });
  $("#merge-form").addEventListener("focusin", suggest);
  onCollection((collection) => {
    $("#tidy").hidden = collection === null;
  });
}

async function merge() {
  const [from, into] = [$("#merge-from").value, $("#merge-into").value];
  const collection = shownCollection();
  if (from === into) throw new Error("These are one subject already.");
  const [moved, kept] = await Promise.all([facesOf(collection, from), facesOf(collection, into)]);
  for (const [name, faces] of [[from, moved], [into, kept]]) {
    if (!faces.length) throw new Error(`The collection ${collection} has no subject ${name}.`);
  }
  const count = `${moved.length} ${moved.length === 1 ? "face" : "faces"}`;
  if (!(await ask(`Give ${count} of ${from} the name ${into}? What was whose cannot be told afterwards.`, "Merge"))) return;
  await rename(moved, into);
  announce(`${from} is ${into} now.`);
  $("#merge-form").reset();
  await refresh();
}

/** Give faces a subject, one after another. */
export async function rename(ids, subject) {
  for (const id of ids) await change(`faces/${encodeURIComponent(id)}`, { subject });
}

/** The ids of a subject's faces. */
async function facesOf(collection, subject) {
  const ids = [];
  let cursor = null;
  do {
    const query = [["collection", collection], ["subject", subject], ["limit", PAGE], ...(cursor ? [["cursor", cursor]] : [])];
    const page = await get("faces", query);
    ids.push(...page.faces.map(({ id }) => id));
    cursor = page.next_cursor;
  } while (cursor);
  return ids;
}

/** Offer the subjects that are on the page. */
function suggest() {
  const names = new Set([...document.querySelectorAll("#enrolled .who")].map((node) => node.textContent));
  $("#subjects").replaceChildren(...[...names].sort().map((name) => h("option", { value: name })));
}

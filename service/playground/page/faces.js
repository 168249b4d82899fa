// The two faces: chosen, dropped, pasted or generated; found, embedded and drawn back.

import { draw, post } from "./api.js";
import { $, announce, h, s, say } from "./dom.js";
import { drawParts } from "./parts.js";
import { record } from "./snippet.js";
import { onChange, set, SLOTS, state } from "./state.js";

const MAX_FACES = 10;
const SEEDS = 2 ** 32;

const other = (slot) => SLOTS.find((name) => name !== slot);
const pictureUrl = (base64) => `data:image/png;base64,${base64}`;
const card = (slot) => document.getElementById(slot);

/** The bodies in which a picture is sent, and how it is aligned: a generated face is a crop already. */
export const pictureOf = (face) => ({ blob: face.blob, name: face.name });
export const alignOf = (face) => (face.align === "auto" ? [] : [["align", face.align]]);

/** Make the two cards work. */
export function setUpFaces() {
  for (const slot of SLOTS) setUpCard(slot);
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((item) => item.type.startsWith("image/"));
    if (file) load(card("second").contains(document.activeElement) ? "second" : "first", file);
  });
  onChange((name) => {
    if (name === "edits") return;
    for (const slot of SLOTS) if (state[slot]) showParts(slot);
  });
}

function setUpCard(slot) {
  const root = card(slot);
  root.append($("#face-template").content.cloneNode(true));
  const input = $("input[type=file]", root);
  input.addEventListener("change", () => {
    if (input.files.length) load(slot, input.files[0]);
    input.value = "";
  });
  $(".take", root).addEventListener("click", () => take(slot));
  const drop = $(".drop", root);
  root.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  root.addEventListener("dragleave", () => drop.classList.remove("over"));
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) load(slot, file);
  });
}

/** Draw a face that nobody has, and take it as the photograph. */
export async function take(slot, seed = Math.floor(Math.random() * SEEDS)) {
  await busy(slot, async () => {
    const blob = await draw("generate", { query: [["seed", seed]] });
    await look(slot, { blob, name: `face-${seed}.png`, align: "none", seed });
    record(
      "Generated a face",
      { method: "POST", path: "generate", query: [["seed", seed]], saves: `face-${seed}.png` },
      { call: "generate", args: { seed }, takes: "[0]['image']", saves: `face-${seed}.png` },
    );
  });
}

/** Take a drawn picture, which is a crop already, as a face. */
export async function takeDrawn(slot, blob, name) {
  await busy(slot, () => look(slot, { blob, name, align: "none", seed: null }));
}

async function load(slot, file) {
  await busy(slot, async () => {
    const limit = state.model.limits.max_image_bytes;
    if (file.size > limit) throw new Error(`This file has more than ${Math.floor(limit / 2 ** 20)} MB. Use a smaller one.`);
    await look(slot, { blob: file, name: file.name, align: "auto", seed: null });
    record(
      "Embedded a photograph",
      { method: "POST", path: "embed", form: { image: pictureOf(state[slot]) } },
      { call: "embed", args: { "": pictureOf(state[slot]) }, shows: true },
    );
  });
}

/** Find the face in a picture and draw it back; only then does it take its place. */
async function look(slot, picture) {
  const form = { image: pictureOf(picture) };
  const query = alignOf(picture);
  const [embedded, redrawn] = await Promise.all([
    post("embed", { form, query: [...query, ["max_faces", MAX_FACES]] }),
    post("reconstruct", { form, query }),
  ]);
  const faces = embedded.images[0].faces;
  show(slot, picture, faces, redrawn);
  set(slot, { ...picture, ...faces[0] });
  announce(`The ${slot} face is there: ${faces[0].expression.label}.`);
}

async function busy(slot, work) {
  const root = card(slot);
  const problem = $(".problem", root);
  root.setAttribute("aria-busy", "true");
  say(problem, null);
  try {
    await work();
  } catch (error) {
    say(problem, error.message);
  } finally {
    root.removeAttribute("aria-busy");
  }
}

function show(slot, picture, faces, redrawn) {
  const root = card(slot);
  const photo = $(".photo", root);
  const image = $("img", photo);
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(picture.blob);
  image.alt = picture.align === "auto" ? `The photograph ${picture.name}` : "A generated face";
  image.onload = () => outline($("svg", photo), image, picture.align === "auto" ? faces : []);
  photo.hidden = picture.align !== "auto";
  root.classList.add("has-face");
  $(".invite", root).textContent =
    faces.length > 1 ? `${faces.length} faces; the largest is taken` : "Drop or paste another photograph";
  $(".crop", root).src = pictureUrl(redrawn.input);
  $(".redrawn", root).src = pictureUrl(redrawn.image);
  $(".likeness", root).textContent = `drawn back, ${Math.round(100 * redrawn.ssim)} %`;
  $(".found", root).hidden = false;
}

/** The boxes of the faces over the photograph; the one that is taken stands out. */
function outline(svg, image, faces) {
  svg.setAttribute("viewBox", `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
  svg.replaceChildren(
    ...faces.map(({ box: [x, y, width, height] }, place) =>
      s("rect", { x, y, width, height, rx: width / 20, class: place ? "also" : "taken" }),
    ),
  );
}

function showParts(slot) {
  const root = card(slot);
  drawParts($(".parts", root), state.model.attributes, state[slot], state[other(slot)]);
  $(".key", root).hidden = !state[other(slot)];
  if (slot === "second") compare($(".verdict", root));
}

/** Ask whether both show one person, where both can be aligned the same way. */
async function compare(verdict) {
  const { first, second } = state;
  say(verdict, null);
  if (!first || !second || first.align !== second.align) return;
  try {
    const form = { image: pictureOf(first), other: pictureOf(second) };
    const answer = await post("verify", { form, query: alignOf(first) });
    if (state.first !== first || state.second !== second) return;
    verdict.replaceChildren(
      h("strong", {}, answer.same_person ? "The same person" : "Two people"),
      ` (probability of one person: ${Math.round(100 * answer.probability)} %)`,
    );
    verdict.hidden = false;
  } catch (error) {
    say(verdict, error.message);
  }
}

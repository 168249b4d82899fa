// The two faces: generated, chosen, dropped, pasted or photographed; found and embedded.

import { post } from "../base/api.js";
import { $, announce, pngOf, s, say, showBlob } from "../base/dom.js";
import { set, SLOTS, state } from "../base/state.js";
import { record } from "../panels/snippet.js";
import { setUpCamera, takePhotograph } from "./camera.js";

const MAX_FACES = 10;
const SEEDS = 2 ** 32;

const card = (slot) => document.getElementById(slot);

/** The bodies in which a picture is sent, and how it is aligned: a drawn face is a crop already. */
export const pictureOf = (face) => ({ blob: face.blob, name: face.name });
export const alignOf = (face) => (face.align === "auto" ? [] : [["align", face.align]]);

/** Make the two cards work. */
export function setUpFaces() {
  setUpCamera();
  for (const slot of SLOTS) setUpCard(slot);
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((item) => item.type.startsWith("image/"));
    if (file) load(card("second").contains(document.activeElement) ? "second" : "first", file);
  });
}

function setUpCard(slot) {
  const root = card(slot);
  root.append($("#face-template").content.cloneNode(true));
  for (const node of root.querySelectorAll(".source")) {
    const words = $("span", node).textContent.toLowerCase();
    ($("input", node) ?? node).setAttribute("aria-label", `${slot} face: ${words}`);
  }
  const input = $("input[type=file]", root);
  input.addEventListener("change", () => {
    if (input.files.length) load(slot, input.files[0]);
    input.value = "";
  });
  $(".take", root).addEventListener("click", () => take(slot));
  $(".snap", root).addEventListener("click", async () => {
    const file = await takePhotograph();
    if (file) load(slot, file);
  });
  root.addEventListener("dragover", (event) => {
    event.preventDefault();
    root.classList.add("over");
  });
  root.addEventListener("dragleave", () => root.classList.remove("over"));
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) load(slot, file);
  });
}

/** Draw a face that nobody has. */
export async function generated(seed) {
  const [{ image, embedding }] = await post("generate", { query: [["seed", seed]] });
  return { blob: pngOf(image), name: `face-${seed}.png`, align: "none", seed, embedding };
}

/** Take a generated face, which may be awaited already. */
export async function take(slot, seed = Math.floor(Math.random() * SEEDS), drawn = generated(seed)) {
  await busy(slot, async () => {
    takeDrawn(slot, await drawn, "generated");
    record(
      "Generated a face",
      { method: "POST", path: "generate", query: [["seed", seed]], saves: `face-${seed}.png` },
      { call: "generate", args: { seed }, takes: "[0]['image']", saves: `face-${seed}.png` },
    );
  });
}

/** Take a face that the service drew: `{blob, name, align, seed, embedding}`. */
export function takeDrawn(slot, face, note) {
  show(slot, face, [], null, note);
  set(slot, face);
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

/** Find the face in a photograph and draw it back; only then does it take its place. */
async function look(slot, picture) {
  const form = { image: pictureOf(picture) };
  const [embedded, redrawn] = await Promise.all([
    post("embed", { form, query: [["max_faces", MAX_FACES]] }),
    post("reconstruct", { form }),
  ]);
  const faces = embedded.images[0].faces;
  const others = faces.length > 1 ? `, 1 of ${faces.length}` : "";
  show(slot, picture, faces, pngOf(redrawn.input), `${Math.round(100 * redrawn.ssim)} % redrawn${others}`);
  set(slot, { ...picture, embedding: faces[0].embedding });
  announce(`The ${slot} face is there: ${faces[0].expression.label}.`);
}

async function busy(slot, work) {
  const root = card(slot);
  const problem = $(`#${slot}-problem`);
  root.setAttribute("aria-busy", "true");
  say(problem, null);
  try {
    await work();
  } catch (error) {
    say(problem, `The ${slot} face stays. ${error.message}`);
  } finally {
    root.removeAttribute("aria-busy");
  }
}

/** The picture, the boxes of the faces over it, and in its corner the crop that the model sees. */
function show(slot, picture, faces, crop, note) {
  const root = card(slot);
  const image = $(".given", root);
  const boxes = $(".boxes", root);
  boxes.replaceChildren();
  showBlob(image, picture.blob);
  image.alt = picture.align === "auto" ? `The photograph ${picture.name}` : "A drawn face";
  image.onload = () => outline(boxes, image, faces);
  const seen = $(".crop", root);
  seen.hidden = !crop;
  if (crop) showBlob(seen, crop);
  $(".note", root).textContent = note;
  $(".note", root).title = faces.length > 1 ? `${note}: the largest face is taken` : note;
  root.classList.add("has-face");
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

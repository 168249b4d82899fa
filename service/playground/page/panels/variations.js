// Other faces that keep some attributes of the first.

import { post } from "../base/api.js";
import { $, $$, announce, h, pngOf, say, showBlob } from "../base/dom.js";
import { SLOTS, state } from "../base/state.js";
import { alignOf, pictureOf, takeDrawn } from "../faces/faces.js";
import { record } from "./snippet.js";

const COUNT = 8;

/** Make the form and its list work. */
export function setUpVariations() {
  $("#keep").append(
    ...state.model.attributes.map(({ name }) =>
      h(
        "label",
        { class: "chip" },
        h("input", { type: "checkbox", name: "keep", value: name, checked: name === "identity" }),
        name,
      ),
    ),
  );
  $("#variations-form").addEventListener("submit", (event) => {
    event.preventDefault();
    vary();
  });
}

async function vary() {
  const { first } = state;
  const keep = first ? $$("[name=keep]:checked").map((box) => box.value) : [];
  const query = [["count", COUNT], ...keep.map((name) => ["keep", name])];
  if (keep.length) query.push(...alignOf(first));
  const form = keep.length ? { image: pictureOf(first) } : undefined;
  try {
    const drawn = await post("generate", { query, form });
    $("#variations-list").replaceChildren(...drawn.map((face, place) => variation(face, place + 1)));
    say($("#variations-problem"), null);
    announce(`${drawn.length} faces drawn.`);
    const args = { count: COUNT, ...(keep.length && { image: pictureOf(first), keep }) };
    if (keep.length && first.align !== "auto") args.align = first.align;
    record("Drew variations", { method: "POST", path: "generate", query, form, saves: "sheet.png" }, {
      call: "generate",
      args,
      each: "face-{number}.png",
    });
  } catch (error) {
    say($("#variations-problem"), error.message);
  }
}

function variation({ image, embedding }, number) {
  const face = { blob: pngOf(image), name: `variation-${number}.png`, align: "none", seed: null, embedding };
  const picture = h("img", { alt: `Variation ${number}` });
  showBlob(picture, face.blob);
  const buttons = SLOTS.map((slot) => {
    const label = `Use variation ${number} as the ${slot} face`;
    const use = () => takeDrawn(slot, face, "a variation");
    return h("button", { type: "button", "aria-label": label, onclick: use }, `as ${slot}`);
  });
  return h("li", { class: "tile" }, picture, h("div", { class: "actions" }, ...buttons));
}

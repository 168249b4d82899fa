// Other faces that keep some attributes of the first.

import { post } from "./api.js";
import { $, $$, announce, h, say } from "./dom.js";
import { alignOf, pictureOf, takeDrawn } from "./faces.js";
import { record } from "./snippet.js";
import { SLOTS, state } from "./state.js";

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
    $("#variations-list").replaceChildren(...drawn.map(({ image }, place) => variation(image, place + 1)));
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

function variation(base64, number) {
  const source = `data:image/png;base64,${base64}`;
  const use = async (slot) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    await takeDrawn(slot, new Blob([bytes], { type: "image/png" }), `variation-${number}.png`);
  };
  const buttons = SLOTS.map((slot) =>
    h("button", { type: "button", "aria-label": `Use variation ${number} as the ${slot} face`, onclick: () => use(slot) }, slot),
  );
  return h(
    "li",
    { class: "tile" },
    h("img", { src: source, alt: `Variation ${number}`, width: 120, height: 120 }),
    h("div", { class: "actions" }, ...buttons),
  );
}

// An enrolled face: shown by its crop where one was kept, and taken as one of the two faces.

import { draw, get, request } from "../base/api.js";
import { announce, h, showBlob } from "../base/dom.js";
import { takeDrawn } from "../faces/faces.js";

/** A face's initial; where a crop was kept it takes that place. A face may be gone by now, and then has none. */
export function thumbnailOf({ id, subject }) {
  const thumbnail = h("span", { class: "thumbnail", "aria-hidden": "true" }, [...subject][0]);
  request("GET", `faces/${encodeURIComponent(id)}/crop`, { accept: "image/png" })
    .then(async (response) => {
      if (response.status !== 200) return;
      const image = h("img", { alt: "" });
      showBlob(image, await response.blob());
      thumbnail.replaceChildren(image);
    })
    .catch(() => {});
  return thumbnail;
}

/** Draw an enrolled face from its embedding, and take it as the first or the second. */
export async function takeEnrolled(id, slot) {
  const { embedding, subject } = await get(`faces/${encodeURIComponent(id)}`);
  const blob = await draw("reconstruct", { json: { embedding } });
  takeDrawn(slot, { blob, name: `${slot}.png`, align: "none", seed: null, embedding }, `${subject}, as enrolled`);
  announce(`${subject} is the ${slot} face.`);
}

// How large pictures are shown: in whole multiples of the size they are drawn in, counted in the screen's own pixels.

import { $$ } from "./dom.js";

const LARGEST = 6; // CSS pixels for one that was drawn, beyond which a face only blurs

/** The largest whole multiple of `pixels` of the screen that fits into `room` CSS pixels; less room takes it all. */
export function wholeMultiple(pixels, room, ratio = devicePixelRatio) {
  const times = Math.floor((room * ratio) / pixels + 1e-6);
  return times ? (times * pixels) / ratio : room;
}

/** Keep the custom properties `--stage`, `--face` and `--tile` at such multiples, as their probes are laid out. */
export function followSizes(pixels) {
  const probes = $$(".probe");
  const measure = () => {
    for (const probe of probes) {
      const size = wholeMultiple(pixels, Math.min(LARGEST * pixels, probe.getBoundingClientRect().width));
      document.documentElement.style.setProperty(`--${probe.dataset.size}`, `${size}px`);
    }
  };
  const observer = new ResizeObserver(measure);
  for (const probe of probes) observer.observe(probe);
  const follow = () => {
    measure();
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", follow, { once: true });
  };
  follow();
}

/** Draw a picture on a canvas at the screen's own pixels, smoothly. */
export async function paint(canvas, blob) {
  const picture = await createImageBitmap(blob);
  canvas.picture?.close();
  canvas.picture = picture;
  repaint(canvas);
}

/** Draw the same picture again, as large as the canvas is now. */
export function repaint(canvas) {
  if (!canvas.picture) return;
  const side = Math.round(canvas.getBoundingClientRect().width * devicePixelRatio);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(canvas.picture, 0, 0, side, side);
}

// The four sub-vectors as a picture: pose as a head seen from the front, the others as strips of warm and cold.

import { s } from "../base/dom.js";

const FULL = 0.45; // a number of a unit sub-vector that is shown in full colour
const RADIUS = 26;
const MIDDLE = 32;

const radians = (degrees) => (degrees * Math.PI) / 180;

/** A ball with its meridian, its equator and its nose, turned as the head is. */
export function compass({ yaw, pitch, roll }) {
  const across = RADIUS * Math.sin(radians(yaw));
  const up = RADIUS * Math.sin(radians(pitch));
  const low = MIDDLE - RADIUS;
  const high = MIDDLE + RADIUS;
  const meridian = `M${MIDDLE} ${low}A${Math.abs(across)} ${RADIUS} 0 0 ${across > 0 ? 1 : 0} ${MIDDLE} ${high}`;
  const equator = `M${low} ${MIDDLE}A${RADIUS} ${Math.abs(up)} 0 0 ${up > 0 ? 1 : 0} ${high} ${MIDDLE}`;
  return s(
    "svg",
    { class: "compass", viewBox: "0 0 64 64", "aria-hidden": "true" },
    s(
      "g",
      { transform: `rotate(${roll} ${MIDDLE} ${MIDDLE})` },
      s("circle", { cx: MIDDLE, cy: MIDDLE, r: RADIUS, class: "head" }),
      s("path", { d: `M${MIDDLE - 4} ${low - 1}h8`, class: "crown" }),
      s("path", { d: meridian, class: "line" }),
      s("path", { d: equator, class: "line" }),
      s("circle", { cx: MIDDLE + across * Math.cos(radians(pitch)), cy: MIDDLE - up, r: 4.5, class: "nose" }),
    ),
  );
}

/** One cell a number: warm above zero, cold below. */
export function strip(numbers) {
  const cells = numbers.map((number, place) =>
    s("rect", {
      x: place,
      width: 1.03,
      height: 1,
      class: number < 0 ? "cold" : "warm",
      "fill-opacity": Math.min(Math.abs(number) / FULL, 1).toFixed(3),
    }),
  );
  return s(
    "svg",
    { class: "strip", viewBox: `0 0 ${numbers.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...cells,
  );
}

/** Cosine on the sphere, and what corresponds to it for angles. */
export function similarity(entry, a, b) {
  if (entry.distance === "cosine") return a.reduce((sum, number, place) => sum + number * b[place], 0);
  return 1 - a.reduce((sum, number, place) => sum + (number - b[place]) ** 2, 0) / 2;
}

/** A similarity in two digits, never "-0.00". */
export const twoDigits = (number) => number.toFixed(2).replace(/^-(0\.00)$/, "$1").replace("-", "−");

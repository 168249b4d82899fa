// The face turns with the pointer, with the arrow keys, and once by itself when the page opens.

import { $ } from "../base/dom.js";
import { changeEdits, restingPose, state } from "../base/state.js";
import { REACH, showAngles } from "./controls.js";
import { leanTo } from "./edit.js";

const SWAY = { yaw: 32, pitch: 14 }; // degrees at the edges of the picture
const KEYS = { ArrowLeft: ["yaw", -5], ArrowRight: ["yaw", 5], ArrowUp: ["pitch", 5], ArrowDown: ["pitch", -5] };
const EASE = 90; // milliseconds in which most of the way is gone
const OPENING = 3200; // milliseconds

let target = null; // where the face shall look; null is its resting pose
let shown = null;
let last = 0;
let moving = false;
let opening = null; // when the opening began
let held = false; // a click or a key keeps the pose until the pointer leaves, or until the next click

/** Make the picture listen. */
export function setUpTurning() {
  const stage = $("#turn");
  stage.addEventListener("pointermove", (event) => {
    if (!held && (event.pointerType === "mouse" || event.buttons)) lookAt(event, stage);
  });
  for (const kind of ["pointerleave", "pointercancel"]) stage.addEventListener(kind, rest);
  stage.addEventListener("pointerup", (event) => {
    if (held) rest();
    else keep(event);
  });
  stage.addEventListener("keydown", turnByKey);
  for (const kind of ["pointerdown", "keydown", "input"]) document.addEventListener(kind, endOpening, true);
}

/** Turn once from side to side, unless the reader prefers less motion. */
export function introduce() {
  if (!state.first || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  opening = performance.now();
  move();
}

function endOpening() {
  if (opening === null) return;
  opening = null;
  target = null;
}

function lookAt(event, stage) {
  if (!state.first) return;
  opening = null;
  const box = stage.getBoundingClientRect();
  const across = (2 * (event.clientX - box.left)) / box.width - 1;
  const down = (2 * (event.clientY - box.top)) / box.height - 1;
  // A finger scrolls the page up and down, and turns the face from side to side alone.
  target = { yaw: SWAY.yaw * across };
  if (event.pointerType === "mouse") target.pitch = -SWAY.pitch * down;
  move();
}

function rest() {
  held = false;
  if (!target) return;
  target = null;
  move();
}

/** What was clicked, or where the finger was lifted, becomes an edit. */
function keep(event) {
  if (!target) return;
  const angles = Object.fromEntries(Object.entries(target).map(([angle, degrees]) => [angle, Math.round(degrees)]));
  changeEdits({ pose: { ...state.edits.pose, ...angles } });
  target = null;
  held = event.pointerType === "mouse";
  move();
}

function turnByKey(event) {
  if (!state.first || !(event.key in KEYS)) return;
  event.preventDefault();
  const [angle, step] = KEYS[event.key];
  const degrees = Math.round(restingPose()[angle]) + step;
  changeEdits({ pose: { ...state.edits.pose, [angle]: Math.max(-REACH[angle], Math.min(REACH[angle], degrees)) } });
  rest();
  held = true;
}

function move() {
  if (moving) return;
  moving = true;
  last = performance.now();
  requestAnimationFrame(step);
}

/** One frame: a share of the way from the pose that is shown to the one that is wanted. */
function step(now) {
  if (opening !== null) target = openingPose(now);
  const resting = restingPose();
  const wanted = { yaw: resting.yaw, pitch: resting.pitch, ...target };
  shown ??= { yaw: resting.yaw, pitch: resting.pitch };
  const share = 1 - Math.exp(-(now - last) / EASE);
  last = now;
  let left = 0;
  for (const angle of Object.keys(SWAY)) {
    shown[angle] += share * (wanted[angle] - shown[angle]);
    left = Math.max(left, Math.abs(wanted[angle] - shown[angle]));
  }
  const still = left < 0.3;
  if (still) for (const angle of Object.keys(SWAY)) shown[angle] = wanted[angle];
  moving = !still || opening !== null;
  if (still && !target) {
    shown = null;
    leanTo(null);
    showAngles(resting);
  } else {
    leanTo({ ...shown });
    showAngles({ ...resting, ...shown });
  }
  if (moving) requestAnimationFrame(step);
}

/** A turn to one side, to the other, and back. */
function openingPose(now) {
  const share = (now - opening) / OPENING;
  if (share >= 1) {
    opening = null;
    return null;
  }
  const { yaw } = restingPose();
  return { yaw: yaw + 0.8 * SWAY.yaw * Math.sin(2 * Math.PI * share) };
}

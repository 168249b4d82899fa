// A photograph from the camera: asked for twice, and nothing leaves the page before it is taken.

import { $, say } from "../base/dom.js";

const WORDS =
  "The camera is off. While it is on, its picture stays in this page; " +
  "only the photograph that you take is sent to this service.";
const SECURE = "A browser lends its camera only to pages that come over HTTPS or from this computer.";

let stream = null;
let taken = null;

/** Make the dialog work. */
export function setUpCamera() {
  const dialog = $("#camera");
  $("#camera-on").addEventListener("click", turnOn);
  $("#camera-take").addEventListener("click", async () => {
    taken = await photograph($("#camera-picture"));
    dialog.close();
  });
  $("#camera-cancel").addEventListener("click", () => dialog.close());
}

/** Ask for a photograph; gives the file, or null. */
export async function takePhotograph() {
  const dialog = $("#camera");
  const possible = Boolean(navigator.mediaDevices?.getUserMedia);
  taken = null;
  showCamera(false);
  $("#camera-on").disabled = !possible;
  say($("#camera-text"), possible ? WORDS : SECURE);
  say($("#camera-problem"), null);
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  turnOff();
  return taken;
}

async function turnOn() {
  const video = $("#camera-picture");
  try {
    const granted = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" }, audio: false });
    stream = granted;
    if (!$("#camera").open) {
      turnOff();
      return;
    }
    video.srcObject = granted;
    await video.play();
    showCamera(true);
    $("#camera-take").focus();
  } catch (error) {
    turnOff();
    const refused = error.name === "NotAllowedError";
    const failed = `There is no picture from a camera: ${error.message}`;
    say($("#camera-problem"), refused ? "The browser was not allowed to use a camera." : failed);
  }
}

function showCamera(on) {
  $("#camera-picture").hidden = !on;
  $("#camera-take").hidden = !on;
  $("#camera-on").hidden = on;
  $("#camera-text").hidden = on;
}

function turnOff() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  $("#camera-picture").srcObject = null;
}

/** What the camera sees now, as a JPEG file. */
async function photograph(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  return new File([blob], "photograph.jpg", { type: "image/jpeg" });
}

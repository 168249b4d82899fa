// Elements made and found, in few words.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** An element with attributes, listeners (`onclick`) and children. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for a part of an SVG drawing. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Show a text in an element, or hide the element where there is none. */
export function say(node, text) {
  node.textContent = text ?? "";
  node.hidden = !text;
}

/** Tell those who do not see the page what happened. */
export function announce(text) {
  $("#status").textContent = text;
}

/** A labelled slider whose value stands beside it; `write` says the value in words. */
export function slider({ id, label, min, max, step, value, write, oninput }) {
  const output = h("output", { for: id });
  const input = h("input", { type: "range", id, min, max, step, value });
  const show = () => {
    const words = write(Number(input.value));
    output.textContent = words;
    input.setAttribute("aria-valuetext", words);
  };
  input.addEventListener("input", () => {
    show();
    oninput?.(Number(input.value));
  });
  show();
  const set = (number) => {
    input.value = number;
    show();
  };
  return { row: h("div", { class: "slider" }, h("label", { for: id }, label), input, output), input, set };
}

/** Ask a question; gives false, or true, or what was typed where the question has a `field`. */
export async function ask(text, yes, field = null) {
  const dialog = $("#ask");
  $("#ask-text").textContent = text;
  $("#ask-yes").textContent = yes;
  const label = $("#ask-field");
  const input = $("input", label);
  label.hidden = !field;
  $("span", label).textContent = field ?? "";
  input.value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  if (dialog.returnValue !== "yes") return false;
  return field ? input.value : true;
}

/** The PNG that an answer holds in base64. */
export function pngOf(base64) {
  return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type: "image/png" });
}

/** Show a blob in an image, in place of the one before. */
export function showBlob(image, blob) {
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
}

/** Copy a text, and let the button that was pressed say so; gives whether the browser let it. */
export async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return false; // without permission, or without HTTPS
  }
  const words = button.dataset.words ?? button.textContent;
  button.dataset.words = words;
  button.textContent = "Copied";
  announce("Copied.");
  setTimeout(() => say(button, words), 1500);
  return true;
}

// Light or dark: as the system has it, until the reader chooses.

import { $ } from "./dom.js";

const KEY = "facet-theme";

/** Make the button work, and take the choice of an earlier visit. */
export function setUpTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const now = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
  const name = () => {
    $("#theme").textContent = now() === "dark" ? "Light theme" : "Dark theme";
  };
  const kept = localStorage.getItem(KEY);
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  $("#theme").addEventListener("click", () => {
    root.dataset.theme = now() === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, root.dataset.theme);
    name();
  });
  system.addEventListener("change", name);
  name();
}

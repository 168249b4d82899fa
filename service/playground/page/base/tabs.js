// Tabs: one panel is shown; the arrow keys go from tab to tab.

import { $, $$ } from "./dom.js";

const listeners = [];

/** Call a function with the name of each panel that is opened. */
export function onOpened(listener) {
  listeners.push(listener);
}

/** Whether a panel is shown. */
export const isOpen = (name) => !document.getElementById(name).hidden;

/** Show a panel. */
export function open(name) {
  for (const tab of tabs()) {
    const chosen = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
  }
  for (const listener of listeners) listener(name);
}

const tabs = () => $$("[role=tab]");

/** Make the tabs work. */
export function setUpTabs() {
  const list = $("[role=tablist]");
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) open(tab.getAttribute("aria-controls"));
  });
  list.addEventListener("keydown", (event) => {
    const all = tabs();
    const place = all.indexOf(document.activeElement);
    const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = all.at(next % all.length);
    open(tab.getAttribute("aria-controls"));
    tab.focus();
  });
  open(tabs()[0].getAttribute("aria-controls"));
}

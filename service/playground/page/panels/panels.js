// What lies below the first screen, which is fetched when the faces are there.

import { setUpGallery } from "./gallery.js";
import { setUpGroups } from "./groups.js";
import { setUpSearch } from "./search.js";
import { setUpSubjects } from "./subjects.js";
import { setUpVariations } from "./variations.js";
import { setUpWalk } from "./walk.js";

/** Make the panels work. */
export async function setUpPanels() {
  for (const part of [setUpSearch, setUpWalk, setUpVariations, setUpGroups, setUpSubjects]) part();
  await setUpGallery();
}

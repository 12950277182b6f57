/** Where the page begins; nothing else runs when the page's modules are read. */
import type { Browser } from "./browser.ts";
import { start } from "./start.ts";

const browser = globalThis as unknown as Browser;
const root = browser.document.getElementById("page");
if (root !== null) start(browser, root);

// Printing and copying of recovery codes; the page works without it.
"use strict";
const tools = document.querySelector("[data-tools]");
const said = document.querySelector("[data-said]");
tools.hidden = false;
document.querySelector("[data-print]").addEventListener("click", () => window.print());
const copy = document.querySelector("[data-copy]");
copy.hidden = !navigator.clipboard;
copy.addEventListener("click", async () => {
  const codes = document.querySelectorAll(`#${copy.dataset.copy} code`);
  try {
    await navigator.clipboard.writeText(Array.from(codes, (code) => code.textContent).join("\n") + "\n");
    said.textContent = said.dataset.copied;
  } catch {
    said.textContent = said.dataset.failed;
  }
});

// The two dialogs: why a call is skipped, and the list of keys.
import { wireDialog } from "../lib/dialog";
import { keysOn, setKeysOn } from "./keys";

export function wireDialogs(root: HTMLElement, send: (form: HTMLFormElement) => void): void {
  for (const dialog of root.querySelectorAll("dialog")) wireDialog(dialog);
  const skip = root.querySelector<HTMLFormElement>("#skip-form");
  skip?.addEventListener("submit", (event) => {
    event.preventDefault();
    skip.closest("dialog")?.close();
    send(skip);
  });
  wordsForOther(skip);
  const box = root.querySelector<HTMLInputElement>("[data-keys-on]");
  if (!box) return;
  box.checked = keysOn();
  box.addEventListener("change", () => setKeysOn(box.checked));
}

/** "Something else" needs words. */
function wordsForOther(form: HTMLFormElement | null): void {
  const words = form?.elements.namedItem("why") as HTMLInputElement | null;
  form?.addEventListener("change", () => {
    if (words) words.required = new FormData(form).get("reason") === "other";
  });
}

// The list of a page's keys: ? opens it, and so does its button.
import { wireDialog } from "./dialog";
import { bindKeys } from "./keys";

/** Wires #keys-dialog, where the page has one. */
export function bindHelp(): void {
  const dialog = document.querySelector<HTMLDialogElement>("#keys-dialog");
  if (!dialog) return;
  wireDialog(dialog);
  bindKeys({ "?": () => dialog.showModal() });
  document.querySelector("[data-keys-help]")?.addEventListener("click", () => dialog.showModal());
}

// What every dialog does: its keys are not for the page behind it; its button and a click beside it close it.

export function wireDialog(dialog: HTMLDialogElement): void {
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

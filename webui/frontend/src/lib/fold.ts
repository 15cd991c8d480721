// A button that opens and closes what it controls, where there is no room to show it always.

/** <button data-folds aria-controls="id" aria-expanded="false"> */
export function fold(button: HTMLElement): void {
  const isOpen = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(isOpen));
  document.getElementById(button.getAttribute("aria-controls") ?? "")?.classList.toggle("open", isOpen);
}

// The navigation of a phone: opened by its button, closed by Escape or a touch beside it.

export function bindNavigation(): void {
  const nav = document.getElementById("nav");
  const button = document.querySelector<HTMLElement>("[data-nav]");
  if (!nav || !button) return;
  const show = (open: boolean): void => {
    nav.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
    (open ? nav.querySelector<HTMLElement>("a") : button)?.focus();
  };
  button.addEventListener("click", () => show(!nav.classList.contains("open")));
  document.addEventListener("keydown", (event) => event.key === "Escape" && isOpen(nav) && show(false));
  document.addEventListener("click", (event) => {
    const inside = nav.contains(event.target as Node) || button.contains(event.target as Node);
    if (isOpen(nav) && !inside) show(false);
  });
}

function isOpen(nav: HTMLElement): boolean {
  return nav.classList.contains("open");
}

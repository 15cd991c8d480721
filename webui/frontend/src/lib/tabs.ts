// Tabs by mouse and arrow keys. A panel with hx-trigger="shown" loads when it is first opened.

/** Makes a [role=tablist] work; each tab names its panel in aria-controls. */
export function bindTabs(list: HTMLElement): void {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  for (const tab of tabs) tab.addEventListener("click", () => open(tabs, tab));
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = tabs.indexOf(document.activeElement as HTMLElement);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    next?.focus();
    if (next) open(tabs, next);
  });
}

function open(tabs: HTMLElement[], chosen: HTMLElement): void {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
    if (!panel) continue;
    panel.hidden = !isChosen;
    if (isChosen) panel.dispatchEvent(new Event("shown"));
  }
}

// Back to the list as it was left: its filters are kept for this tab.

const STORED = "conversations.filters";

export function keepFilters(): void {
  sessionStorage.setItem(STORED, location.pathname + location.search);
}

/** Links marked data-list lead to the list with the filters it had. */
export function leadBack(): void {
  const kept = sessionStorage.getItem(STORED);
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-list]")) {
    if (kept?.split("?")[0] === link.pathname) link.href = kept;
  }
}

// Single keys of the labeler's page, beside the player's. Off in text fields and dialogs, and where the person says so.

/** A handler that answers false leaves the key to the browser. */
export type Bindings = Record<string, (event: KeyboardEvent) => unknown>;

const STORED = "label.keys";

export function keysOn(): boolean {
  return localStorage.getItem(STORED) !== "off";
}

export function setKeysOn(on: boolean): void {
  localStorage.setItem(STORED, on ? "on" : "off");
}

/** Binds keys by name ("p", "Tab", "Shift+Tab", "Ctrl+Enter") until the returned function is called. */
export function bindDeskKeys(bindings: Bindings): () => void {
  const listen = (event: KeyboardEvent): void => {
    if (document.querySelector("dialog[open]")) return;
    if (!keysOn() && isSingle(event)) event.stopImmediatePropagation(); // the player's letters rest too
    const handler = bindings[nameOf(event)];
    if (handler && mayHandle(event) && handler(event) !== false) event.preventDefault();
  };
  document.addEventListener("keydown", listen, { capture: true });
  return () => document.removeEventListener("keydown", listen, { capture: true });
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return `Ctrl+${key}`;
  return event.shiftKey && key === "Tab" ? "Shift+Tab" : key;
}

function isSingle(event: KeyboardEvent): boolean {
  return event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
}

function mayHandle(event: KeyboardEvent): boolean {
  if (event.altKey || event.isComposing || (event.repeat && event.key === "Enter")) return false;
  if (nameOf(event) === "Ctrl+Enter" || event.key === "Escape") return true;
  const target = event.target instanceof Element ? event.target : document.body;
  const typing = target.closest("textarea, select, input:not([type=radio], [type=checkbox])");
  return keysOn() && !typing && !event.ctrlKey && !event.metaKey;
}

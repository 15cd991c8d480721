// Single keys as commands. Off while somebody types, and while a modifier is held that the browser uses.

export type Commands = Record<string, (event: KeyboardEvent) => void>;

/** Binds keys ("a", "Shift+j", " ", "ArrowUp") until the returned function is called. */
export function bindKeys(commands: Commands, root: Document | HTMLElement = document): () => void {
  const listen = (raw: Event): void => {
    const event = raw as KeyboardEvent;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const command = commands[nameOf(event)];
    if (!command || (event.key === " " && isControl(event.target))) return;
    event.preventDefault();
    command(event);
  };
  root.addEventListener("keydown", listen);
  return () => root.removeEventListener("keydown", listen);
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.shiftKey && /^[a-z]$/.test(key) ? `Shift+${key}` : key;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isText = target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
  return isText || target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Space presses what has the focus; it plays only elsewhere. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a, summary, [role='tab']") !== null;
}

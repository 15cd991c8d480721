// Copy buttons: <button data-copy="#what">.
import { toast } from "./toast";

/** Puts the text of the element on the clipboard; where a page may not, selects it for the person. */
export async function copyText(selector: string): Promise<void> {
  const source = document.querySelector<HTMLElement>(selector);
  if (!source) return;
  try {
    await navigator.clipboard.writeText(source.textContent?.trim() ?? "");
    toast("Copied.");
  } catch {
    getSelection()?.selectAllChildren(source); // plain http: browsers keep the clipboard to themselves
    toast("Selected. Press Ctrl or ⌘ and C to copy.");
  }
}

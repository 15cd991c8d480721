// The labeler's page: opens the desk, and puts the next call in its place without loading the page again.
import { Desk, dress } from "../label/desk";

let desk: Desk | null = null;

async function open(root: HTMLElement): Promise<void> {
  if (root.id === "desk") desk = await Desk.open(root, swap);
}

/** Puts the part that came back where the old one was. */
async function swap(response: Response): Promise<void> {
  const old = document.querySelector<HTMLElement>("[data-part]");
  const made = new DOMParser()
    .parseFromString(await response.text(), "text/html")
    .querySelector<HTMLElement>("[data-part]");
  if (!old || !made) return location.reload();
  desk?.close();
  desk = null;
  old.replaceWith(made);
  window.scrollTo(0, 0);
  dress(made);
  await open(made);
}

const first = document.querySelector<HTMLElement>("[data-part]");
if (first) void open(first);

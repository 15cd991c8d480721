// The labeler's page: opens the desk, and puts the next call in its place without loading the page again.
import { Desk, dress } from "../label/desk";
import { page, Refused } from "../label/post";

const NOT_TAKEN = "That did not work. Your answers are still here: try again in a moment.";
let desk: Desk | null = null;

async function open(root: HTMLElement): Promise<void> {
  if (root.id === "desk") desk = await Desk.open(root, swap);
}

/** Puts the part that came back where the old one was. A page of another kind says why there is none: the desk stays. */
async function swap(response: Response): Promise<void> {
  const old = document.querySelector<HTMLElement>("[data-part]");
  const came = await page(response);
  const made = came.querySelector<HTMLElement>("[data-part]");
  if (!old || !made) throw new Refused(came.querySelector("[data-told]")?.textContent?.trim() || NOT_TAKEN);
  desk?.close();
  desk = null;
  old.replaceWith(made);
  window.scrollTo(0, 0);
  dress(made);
  await open(made);
}

const first = document.querySelector<HTMLElement>("[data-part]");
if (first) void open(first);

// Answers are saved two seconds after the last change, and once more when the page goes away.
import { post, Refused } from "./post";

const WAIT_MS = 2000;

export class Draft {
  private timer = 0;
  private dirty = false;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly url: string,
    private readonly shown: HTMLElement,
    private readonly fill: () => void,
  ) {
    window.addEventListener("pagehide", this.leave);
  }

  /** Something changed. */
  touch(): void {
    this.dirty = true;
    this.shown.textContent = "Saving…";
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), WAIT_MS);
  }

  stop(): void {
    window.clearTimeout(this.timer);
    window.removeEventListener("pagehide", this.leave);
  }

  async save(options: RequestInit = {}): Promise<void> {
    if (!this.dirty) return;
    this.dirty = false;
    window.clearTimeout(this.timer);
    this.fill();
    const came = await post(this.url, new FormData(this.form), options).catch((why: unknown) => why);
    if (came instanceof Response && came.ok) {
      this.shown.textContent = "Draft saved";
    } else {
      this.shown.textContent = came instanceof Refused ? "Not saved: signed out" : "Not saved yet, trying again";
      this.dirty = true;
      this.timer = window.setTimeout(() => void this.save(), 2 * WAIT_MS);
    }
  }

  private readonly leave = (): void => void this.save({ keepalive: true });
}

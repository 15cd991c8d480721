// The countdown of a lease, and the heartbeat that renews it while the page is open.
import { clock } from "../lib/times";
import { post } from "./post";

const BEAT_MS = 30_000;
const SHORT_S = 60;
const OVER = "You have had this call for a long time. Your answers are saved, nobody else has taken it yet.";

export class Lease {
  private readonly timers: number[] = [];
  private until: number; // by this machine's clock: the server says how long, not until when

  constructor(
    private readonly shown: HTMLElement,
    seconds: number,
    private readonly url: string,
    private readonly form: HTMLFormElement,
    private readonly over: (message: string) => void,
  ) {
    this.until = Date.now() + seconds * 1000;
    this.timers.push(window.setInterval(() => this.show(), 1000));
    this.timers.push(window.setInterval(() => void this.renew(), BEAT_MS));
    document.addEventListener("visibilitychange", this.returned);
    this.show();
  }

  stop(): void {
    for (const timer of this.timers) window.clearInterval(timer);
    document.removeEventListener("visibilitychange", this.returned);
  }

  private readonly returned = (): void => {
    if (document.visibilityState === "visible") void this.renew();
  };

  private show(): void {
    const left = Math.round((this.until - Date.now()) / 1000);
    this.shown.textContent = left > 0 ? `for ${clock(left)}` : "no more";
    this.shown.classList.toggle("is-short", left < SHORT_S);
    this.over(left > 0 ? "" : OVER);
  }

  private async renew(): Promise<void> {
    const response = await post(this.url, new FormData(this.form)).catch(() => null);
    if (response?.ok) this.until = Date.now() + (await response.json()).seconds * 1000;
    if (response?.status === 409) {
      this.stop();
      this.over((await response.json()).message);
    }
  }
}

// The countdown of a lease, and the heartbeat that renews it while the page is looked at.
import { clock } from "../lib/times";
import { post } from "./post";

const BEAT_MS = 30_000;
const SHORT_S = 60;

export class Lease {
  private readonly timers: number[] = [];

  constructor(
    private readonly shown: HTMLElement,
    private until: number,
    private readonly url: string,
    private readonly form: HTMLFormElement,
    private readonly lost: (message: string) => void,
  ) {
    this.timers.push(window.setInterval(() => this.show(), 1000));
    this.timers.push(window.setInterval(() => void this.renew(), BEAT_MS));
    document.addEventListener("visibilitychange", this.returned);
    this.show();
  }

  stop(): void {
    for (const timer of this.timers) window.clearInterval(timer);
    document.removeEventListener("visibilitychange", this.returned);
  }

  private readonly returned = (): void => void this.renew();

  private show(): void {
    const left = Math.round((this.until - Date.now()) / 1000);
    this.shown.textContent = left > 0 ? `for ${clock(left)}` : "no more: still here?";
    this.shown.classList.toggle("is-short", left < SHORT_S);
  }

  private async renew(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    const response = await post(this.url, new FormData(this.form)).catch(() => null);
    if (response?.ok) this.until = Date.parse((await response.json()).until);
    if (response?.status === 409) {
      this.stop();
      this.lost((await response.json()).message);
    }
  }
}

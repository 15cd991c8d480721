// Listen to these five: each button plays its own moment, one at a time, with a second before and after.
import type { Timeline } from "../lib/marks";
import { Sound } from "../lib/sound";

const AROUND_MS = 1000;
const LEAST_MS = 4000;
let stopLast = (): void => undefined;

class Moment {
  private sound: Sound | null = null;

  constructor(private readonly button: HTMLButtonElement) {}

  async toggle(): Promise<void> {
    if (this.sound?.playing) return this.sound.pause();
    stopLast();
    this.sound ??= await this.load();
    stopLast = () => this.sound?.pause();
    await this.sound.play(Math.max(0, this.fromMs - AROUND_MS));
  }

  private get fromMs(): number {
    return Number(this.button.dataset.from);
  }

  private get untilMs(): number {
    return Math.max(Number(this.button.dataset.to || 0) + AROUND_MS, this.fromMs + LEAST_MS);
  }

  private async load(): Promise<Sound> {
    const response = await fetch(this.button.dataset.timeline ?? "");
    const timeline = (await response.json()) as Timeline;
    const sound = new Sound(timeline.recordings, timeline.duration_ms);
    sound.addEventListener("time", () => {
      if (sound.playing && sound.timeMs > this.untilMs) sound.pause();
    });
    sound.addEventListener("state", () => this.button.setAttribute("aria-pressed", String(sound.playing)));
    return sound;
  }
}

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-from]")) {
  const moment = new Moment(button);
  button.addEventListener("click", () => void moment.toggle());
}

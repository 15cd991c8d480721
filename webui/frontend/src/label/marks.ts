// Evidence by keystroke: the chosen turn, a region of the sound, and hearing it again.
import type { Sound } from "../lib/sound";
import { clock } from "../lib/times";
import { toast } from "../lib/toast";
import type { Moment } from "./evidence";
import type { Scorecard } from "./scorecard";
import type { Transcript } from "./transcript";

const OPEN_END_MS = 4000; // how long a moment without an end is replayed

export class Marks {
  private from: number | null = null;
  private stopAt: number | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly sound: Sound,
    private readonly scorecard: Scorecard,
    private readonly transcript: Transcript,
  ) {
    sound.addEventListener("time", () => {
      if (this.stopAt !== null && sound.timeMs >= this.stopAt) sound.pause();
    });
    sound.addEventListener("state", () => {
      if (!sound.playing) this.stopAt = null;
    });
  }

  addTurn(): void {
    const line = this.transcript.current;
    if (line) this.scorecard.active.evidence.toggle({ turn_id: line.id });
    else toast("Choose a turn first: play, or press ↓.");
  }

  /** Once to start, once to end. */
  region(): void {
    const now = Math.round(this.sound.timeMs);
    const from = this.from;
    this.begin(from === null ? now : null);
    if (from === null || from === now) return;
    const [start_ms, end_ms] = from < now ? [from, now] : [now, from];
    this.scorecard.active.evidence.toggle({ start_ms, end_ms, channel: this.sound.side });
  }

  cancel(): void {
    this.begin(null);
  }

  replay(): void {
    const moment = this.scorecard.active.evidence.next();
    if (moment) void this.hear(...this.range(moment));
    else toast("This question has no evidence yet.");
  }

  private async hear(start: number, end: number): Promise<void> {
    this.sound.pause();
    await this.sound.play(start);
    this.stopAt = end;
  }

  private range(moment: Moment): [number, number] {
    const line = this.transcript.line(moment.turn_id);
    const start = (line ? line.start : moment.start_ms) ?? 0;
    return [start, (line ? line.end : moment.end_ms) ?? start + OPEN_END_MS];
  }

  private begin(from: number | null): void {
    this.from = from;
    const words = from === null ? "Mark region" : `End region from ${clock(from / 1000)}`;
    for (const label of this.root.querySelectorAll("[data-region]")) label.textContent = words;
  }
}

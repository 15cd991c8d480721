// Which part of a call was really played: quarter seconds that the playhead passed at listening speed.

const SLOT_MS = 250;
const LONGEST_STEP_MS = 1500; // more than that between two reports was a jump, not listening

export type Range = [startMs: number, endMs: number];

export class Heard {
  private readonly slots: Uint8Array;
  private last: number | null = null;

  constructor(durationMs: number, ranges: Range[]) {
    this.slots = new Uint8Array(Math.max(1, Math.ceil(durationMs / SLOT_MS)));
    for (const [start, end] of ranges) this.mark(start, end);
  }

  /** The playhead is here; `playing` tells listening from seeking. */
  at(ms: number, playing: boolean): void {
    const before = this.last;
    this.last = playing ? ms : null;
    if (playing && before !== null && ms > before && ms - before < LONGEST_STEP_MS) this.mark(before, ms);
  }

  get fraction(): number {
    return this.slots.reduce((sum, slot) => sum + slot, 0) / this.slots.length;
  }

  get ranges(): Range[] {
    const found: Range[] = [];
    for (let index = 0; index < this.slots.length; index++) {
      if (!this.slots[index]) continue;
      const last = found.at(-1);
      if (last && last[1] === index * SLOT_MS) last[1] += SLOT_MS;
      else found.push([index * SLOT_MS, (index + 1) * SLOT_MS]);
    }
    return found;
  }

  private mark(start: number, end: number): void {
    this.slots.fill(1, Math.floor(start / SLOT_MS), Math.ceil(end / SLOT_MS));
  }
}

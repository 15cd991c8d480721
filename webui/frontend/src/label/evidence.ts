// The moments that support an answer: turns of the transcript or regions of the sound, kept in a hidden field.
import { clock } from "../lib/times";

export type Moment = { turn_id?: string; start_ms?: number; end_ms?: number; channel?: string };

export class Evidence {
  private replayed = -1;

  constructor(
    private readonly field: HTMLInputElement,
    private readonly list: HTMLElement,
    private readonly name: (turnId: string) => string,
    private readonly changed: () => void,
  ) {
    this.show();
    list.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-remove]");
      if (button) this.remove(Number(button.dataset.remove));
    });
  }

  get moments(): Moment[] {
    return JSON.parse(this.field.value || "[]");
  }

  /** Adds a moment; a turn that is there already is taken away again. */
  toggle(moment: Moment): void {
    const known = this.moments.findIndex((one) => one.turn_id !== undefined && one.turn_id === moment.turn_id);
    if (known >= 0) this.remove(known);
    else this.set([...this.moments, moment]);
  }

  /** The next moment to hear: the first, then the one after, round and round. */
  next(): Moment | undefined {
    const all = this.moments;
    this.replayed = all.length ? (this.replayed + 1) % all.length : -1;
    return all[this.replayed];
  }

  removeLast(): void {
    this.remove(this.moments.length - 1);
  }

  private remove(index: number): void {
    this.set(this.moments.filter((_, position) => position !== index));
  }

  private set(moments: Moment[]): void {
    this.field.value = JSON.stringify(moments);
    this.show();
    this.changed();
  }

  private show(): void {
    this.list.replaceChildren(...this.moments.map((moment, index) => this.item(moment, index)));
  }

  private item(moment: Moment, index: number): HTMLElement {
    const item = document.createElement("li");
    const words = moment.turn_id === undefined ? region(moment) : this.name(moment.turn_id);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "small quiet";
    remove.dataset.remove = String(index);
    remove.setAttribute("aria-label", `Remove ${words}`);
    remove.textContent = "×";
    item.append(words, remove);
    return item;
  }
}

function region(moment: Moment): string {
  const [start, end] = [moment.start_ms ?? 0, moment.end_ms ?? 0].map((ms) => clock(ms / 1000));
  return `${start} to ${end}${moment.channel && moment.channel !== "both" ? `, ${moment.channel}` : ""}`;
}

// The scorecard: which question is active, what is chosen, what is still missing.
import { Evidence } from "./evidence";

export class Criterion {
  readonly evidence: Evidence;
  private readonly comment: HTMLTextAreaElement;
  private readonly radios: HTMLInputElement[];

  constructor(
    readonly card: HTMLElement,
    nameOfTurn: (turnId: string) => string,
    changed: () => void,
  ) {
    this.radios = [...card.querySelectorAll<HTMLInputElement>("input[type=radio]")];
    this.comment = card.querySelector("textarea") as HTMLTextAreaElement;
    const field = card.querySelector<HTMLInputElement>('input[name^="evidence."]') as HTMLInputElement;
    const list = card.querySelector<HTMLElement>("[data-evidence]") as HTMLElement;
    this.evidence = new Evidence(field, list, nameOfTurn, () => this.refresh(changed));
    card.addEventListener("change", () => this.refresh(changed));
    card.addEventListener("input", changed);
    this.show();
  }

  /** Chooses by key: P, F, N or the number of an option. False where the question has no such choice. */
  choose(key: string): boolean {
    const radio = this.radios.find((one) => one.dataset.key === key);
    if (!radio) return false;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  writeComment(): void {
    this.card.classList.add("is-commented");
    this.comment.focus();
  }

  toggleExamples(): void {
    const details = this.card.querySelector("details") as HTMLDetailsElement;
    details.open = !details.open;
    this.card.scrollIntoView({ block: "nearest" });
  }

  /** What keeps the scorecard from being submitted, in words; empty when nothing does. */
  get missing(): string {
    if (!this.chosen) return "Choose an answer";
    const needs = this.chosen.value === "fail" && this.card.dataset.type === "boolean";
    return needs && !this.evidence.moments.length ? "A fail needs evidence: a turn (E) or a region (M)" : "";
  }

  complain(): void {
    this.say(this.missing);
  }

  private get chosen(): HTMLInputElement | undefined {
    return this.radios.find((radio) => radio.checked);
  }

  private refresh(changed: () => void): void {
    this.show();
    changed();
  }

  private show(): void {
    const anchor = this.card.querySelector<HTMLElement>("[data-anchor]:not(input)");
    if (anchor) anchor.textContent = this.chosen?.dataset.anchor ?? "";
    this.card.classList.toggle("is-answered", !this.missing);
    this.card.classList.toggle("is-commented", this.comment.value !== "");
    this.say(this.chosen ? this.missing : "");
  }

  private say(words: string): void {
    const line = this.card.querySelector<HTMLElement>("[data-needs]") as HTMLElement;
    line.hidden = !words;
    (line.querySelector("span") as HTMLElement).textContent = words;
  }
}

export class Scorecard {
  readonly criteria: Criterion[];
  private index = 0;

  constructor(form: HTMLFormElement, nameOfTurn: (turnId: string) => string, changed: () => void) {
    const cards = [...form.querySelectorAll<HTMLElement>("[data-criterion]")];
    const counted = (): void => {
      this.count(form);
      changed();
    };
    this.criteria = cards.map((card) => new Criterion(card, nameOfTurn, counted));
    this.count(form);
    cards.forEach((card, index) => {
      card.addEventListener("focusin", () => this.activate(index));
      card.addEventListener("pointerdown", () => this.activate(index));
    });
    const open = this.criteria.findIndex((one) => one.missing);
    this.activate(Math.max(0, open));
  }

  private count(form: HTMLFormElement): void {
    const line = form.querySelector("[data-answered]");
    const answered = this.criteria.filter((one) => !one.missing).length;
    if (line) line.textContent = `${answered} of ${this.criteria.length} answered`;
  }

  get active(): Criterion {
    return this.criteria[this.index] as Criterion;
  }

  /** Goes to the next (1) or previous (-1) question. False at the end, where Tab leaves the scorecard. */
  move(step: number): boolean {
    const next = this.index + step;
    if (next < 0 || next >= this.criteria.length) return false;
    this.focus(next);
    return true;
  }

  /** The first question that is not complete gets the focus; true when there is none. */
  complete(): boolean {
    const open = this.criteria.findIndex((one) => one.missing);
    if (open < 0) return true;
    for (const one of this.criteria) one.complain();
    this.focus(open);
    return false;
  }

  private focus(index: number): void {
    const { card } = this.criteria[index] as Criterion;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  private activate(index: number): void {
    this.index = index;
    this.criteria.forEach((one, position) => {
      one.card.classList.toggle("is-active", position === index);
      if (position === index) one.card.setAttribute("aria-current", "true");
      else one.card.removeAttribute("aria-current");
    });
  }
}

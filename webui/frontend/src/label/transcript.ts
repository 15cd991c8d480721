// The transcript: one turn is chosen, the one that plays is marked, the list follows until the person scrolls.

const REST_MS = 4000;

export type Line = { id: string; element: HTMLElement; start: number | null; end: number | null };

export class Transcript {
  readonly lines: Line[];
  private chosen = -1;
  private heard = -1;
  private scrolledAt = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly play: (line: Line) => void,
  ) {
    this.lines = [...root.querySelectorAll<HTMLElement>("[data-turn]")].map(read);
    root.addEventListener("click", (event) => {
      const element = (event.target as Element).closest<HTMLElement>("[data-turn]");
      const index = this.lines.findIndex((line) => line.element === element);
      if (index < 0) return;
      this.choose(index, false);
      if ((event.target as Element).closest("[data-play]")) this.playChosen();
    });
    for (const name of ["wheel", "touchmove"]) {
      root.addEventListener(
        name,
        () => {
          this.scrolledAt = Date.now();
        },
        { passive: true },
      );
    }
  }

  get current(): Line | undefined {
    return this.lines[this.chosen];
  }

  line(id: string | undefined): Line | undefined {
    return this.lines.find((line) => line.id === id);
  }

  move(step: number): void {
    this.choose(Math.min(Math.max(0, this.chosen + step), this.lines.length - 1), true);
  }

  playChosen(): boolean {
    if (this.current) this.play(this.current);
    return this.current !== undefined;
  }

  /** The playhead is here. While it plays, the turn that is heard becomes the chosen one. */
  at(ms: number, playing: boolean): void {
    const index = playing ? this.lines.findLastIndex((line) => line.start !== null && line.start <= ms) : -1;
    if (index === this.heard) return;
    this.lines[this.heard]?.element.classList.remove("is-playing");
    this.heard = index;
    this.lines[index]?.element.classList.add("is-playing");
    if (index >= 0) this.choose(index, Date.now() - this.scrolledAt > REST_MS);
  }

  private choose(index: number, scroll: boolean): void {
    this.current?.element.classList.remove("is-chosen");
    this.current?.element.removeAttribute("aria-current");
    this.chosen = index;
    this.current?.element.classList.add("is-chosen");
    this.current?.element.setAttribute("aria-current", "true");
    if (scroll && this.current) keepInView(this.root, this.current.element);
  }
}

/** Scrolls the list only, never the page. */
function keepInView(root: HTMLElement, element: HTMLElement): void {
  const above = element.offsetTop - root.scrollTop;
  if (above < 40 || above + element.offsetHeight > root.clientHeight - 40) {
    root.scrollTop = element.offsetTop - root.clientHeight / 3;
  }
}

function read(element: HTMLElement): Line {
  const number = (text: string | undefined): number | null => (text ? Number(text) : null);
  return {
    id: element.dataset.turn ?? "",
    element,
    start: number(element.dataset.start),
    end: number(element.dataset.end),
  };
}

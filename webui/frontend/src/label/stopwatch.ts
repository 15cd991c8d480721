// Time spent on a call: counted while the page is looked at.

export class Stopwatch {
  private readonly timer: number;

  constructor(private spent: number) {
    this.timer = window.setInterval(() => {
      if (document.visibilityState === "visible") this.spent += 1;
    }, 1000);
  }

  get seconds(): number {
    return this.spent;
  }

  stop(): void {
    window.clearInterval(this.timer);
  }
}

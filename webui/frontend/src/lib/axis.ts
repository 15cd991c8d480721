// The one time axis of a page: which stretch of the call is in view, and where a moment lies in it.

/** Events: "view" when the stretch changes. */
export class Axis extends EventTarget {
  fromMs = 0;
  toMs: number;

  constructor(readonly durationMs: number) {
    super();
    this.toMs = durationMs;
  }

  get spanMs(): number {
    return this.toMs - this.fromMs;
  }

  /** 0 at the left edge of the view, 1 at the right. */
  share(ms: number): number {
    return (ms - this.fromMs) / this.spanMs;
  }

  at(share: number): number {
    return this.fromMs + Math.min(1, Math.max(0, share)) * this.spanMs;
  }

  /** Halves or doubles what is in view, around a moment. */
  zoom(factor: number, aroundMs: number): void {
    const span = Math.min(this.durationMs, Math.max(2000, this.spanMs * factor));
    this.show(aroundMs - span * this.share(aroundMs), span);
  }

  /** Moves the view so that the moment is in it. */
  reveal(ms: number): void {
    if (ms < this.fromMs || ms > this.toMs) this.show(ms - this.spanMs * 0.1, this.spanMs);
  }

  private show(fromMs: number, spanMs: number): void {
    this.fromMs = Math.min(Math.max(0, fromMs), Math.max(0, this.durationMs - spanMs));
    this.toMs = this.fromMs + spanMs;
    this.dispatchEvent(new Event("view"));
  }
}

// The sound of a call as one clock, whatever it is made of: one file with both sides, or a file a side.
// Times are milliseconds from the start of the conversation; a recording may begin later than that (offset_ms).

export interface Recording {
  track: string;
  sha256: string;
  /** who is on each channel, in order */
  channels: string[];
  offset_ms: number;
  duration_ms: number;
  /** address of the sound, and of its peaks */
  url: string;
  peaks_url: string;
  /** address of its pitch and loudness; not for labelers, who judge by ear */
  contour_url?: string;
  voiced?: [number, number][][] | null;
}
export type Side = "caller" | "agent" | "both";

const DRIFT_S = 0.06; // two files that are further apart than this are put together again

interface Source {
  audio: HTMLAudioElement;
  recording: Recording;
}

/** Events: "time" (while playing and after a seek), "state" (play, pause, speed, side). */
export class Sound extends EventTarget {
  private readonly sources: Source[];
  private graph: { gains: Map<string, GainNode[]> } | null = null;
  private frame = 0;
  private silentMs = 0; // where one is in a call without a recording
  side: Side = "both";

  constructor(
    recordings: Recording[],
    readonly durationMs: number,
  ) {
    super();
    this.sources = recordings.map((recording) => ({ recording, audio: this.element(recording) }));
  }

  get isSilent(): boolean {
    return this.sources.length === 0;
  }

  get sides(): Set<string> {
    return new Set(this.sources.flatMap(({ recording }) => recording.channels));
  }

  get playing(): boolean {
    const lead = this.sources[0];
    return lead ? !lead.audio.paused && !lead.audio.ended : false;
  }

  get timeMs(): number {
    const lead = this.sources[0];
    return lead ? lead.audio.currentTime * 1000 + lead.recording.offset_ms : this.silentMs;
  }

  get rate(): number {
    return this.sources[0]?.audio.playbackRate ?? 1;
  }

  set rate(rate: number) {
    for (const { audio } of this.sources) audio.playbackRate = Math.min(3, Math.max(0.5, rate));
    this.tell("state");
  }

  seek(ms: number): void {
    this.silentMs = Math.min(Math.max(0, ms), this.durationMs);
    for (const { audio, recording } of this.sources) {
      audio.currentTime = Math.max(0, (ms - recording.offset_ms) / 1000);
    }
    this.tell("time");
  }

  async play(fromMs?: number): Promise<void> {
    if (fromMs !== undefined) this.seek(fromMs);
    await Promise.all(this.sources.map(({ audio }) => audio.play().catch(() => undefined)));
  }

  pause(): void {
    for (const { audio } of this.sources) audio.pause();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else void this.play();
  }

  /** Hear one side alone, on both ears. */
  solo(side: Side): void {
    this.side = side;
    this.graph ??= this.connect();
    for (const [channel, gains] of this.graph.gains) {
      const heard = side === "both" || channel === side || !this.sides.has(side);
      for (const gain of gains) gain.gain.value = heard ? 1 : 0;
    }
    this.tell("state");
  }

  private element(recording: Recording): HTMLAudioElement {
    const audio = new Audio(recording.url);
    audio.preload = "metadata";
    audio.preservesPitch = true;
    for (const event of ["play", "pause", "ended", "ratechange"]) audio.addEventListener(event, () => this.changed());
    for (const event of ["seeked", "loadedmetadata"]) audio.addEventListener(event, () => this.tell("time"));
    return audio;
  }

  private changed(): void {
    cancelAnimationFrame(this.frame);
    if (this.playing) this.follow();
    this.tell("state");
  }

  private readonly follow = (): void => {
    this.tell("time");
    this.keepTogether();
    if (this.playing) this.frame = requestAnimationFrame(this.follow);
  };

  private keepTogether(): void {
    for (const { audio, recording } of this.sources.slice(1)) {
      const wanted = (this.timeMs - recording.offset_ms) / 1000;
      if (wanted >= 0 && wanted < audio.duration && Math.abs(audio.currentTime - wanted) > DRIFT_S) {
        audio.currentTime = wanted;
      }
    }
  }

  /** Built at the first solo only: until then the sound takes the browser's own, shortest way. */
  private connect(): { gains: Map<string, GainNode[]> } {
    const context = new AudioContext();
    const gains = new Map<string, GainNode[]>();
    for (const { audio, recording } of this.sources) {
      const splitter = context.createChannelSplitter(Math.max(1, recording.channels.length));
      context.createMediaElementSource(audio).connect(splitter);
      recording.channels.forEach((channel, index) => {
        const gain = context.createGain();
        splitter.connect(gain, index).connect(context.destination);
        gains.set(channel, [...(gains.get(channel) ?? []), gain]);
      });
    }
    void context.resume();
    return { gains };
  }

  private tell(event: "time" | "state"): void {
    this.dispatchEvent(new Event(event));
  }
}

// Pitch and loudness of both sides under the waveform, from curves that a worker measured once.
import type { Axis } from "./axis";
import type { Recording, Sound } from "./sound";

export interface Curve {
  side: string;
  offsetMs: number;
  perSecond: number;
  /** Hz, 0 where nothing is voiced */
  pitch: Float32Array;
  /** LUFS */
  loudness: Float32Array;
}
interface Served {
  per_second: number;
  floor_hz: number;
  steps_per_octave: number;
  floor_lufs: number;
  steps_per_lu: number;
  channels: { pitch: string; loudness: string }[];
}
/** How one lane is drawn: which values, on what scale, with which lines across. */
export interface Drawn {
  name: "pitch" | "loudness";
  unit: string;
  value(curve: Curve, slot: number): number;
  /** one value for several slots */
  together(values: number[]): number;
  /** 0 at the foot, 1 at the top */
  height(value: number): number;
  lines: number[];
}

const QUIET_LUFS = -60;
const LOUD_LUFS = -10;
const FEWEST = 20;
const NEAR_HZ = [100, 150, 200, 300, 400];
const WIDE_HZ = [100, 200, 400];

/** The curves of these recordings; none of one that nobody has measured. */
export async function loadCurves(recordings: Recording[]): Promise<Curve[]> {
  return (await Promise.all(recordings.map(curvesOf))).flat();
}

async function curvesOf(recording: Recording): Promise<Curve[]> {
  const response = await fetch(recording.contour_url ?? "");
  if (!response.ok) return [];
  const served = (await response.json()) as Served;
  return served.channels.map(({ pitch, loudness }, index) => ({
    side: recording.channels[index] ?? recording.track,
    offsetMs: recording.offset_ms,
    perSecond: served.per_second,
    pitch: decoded(pitch, (step) => (step ? served.floor_hz * 2 ** ((step - 1) / served.steps_per_octave) : 0)),
    loudness: decoded(loudness, (step) => served.floor_lufs + step / served.steps_per_lu),
  }));
}

function decoded(text: string, value: (step: number) => number): Float32Array {
  return Float32Array.from(atob(text), (letter) => value(letter.charCodeAt(0)));
}

/** Loudness, and pitch on a scale of octaves that holds nearly all of it. */
export function drawings(curves: Curve[]): Drawn[] {
  return [pitchOf(curves), LOUDNESS];
}

const LOUDNESS: Drawn = {
  name: "loudness",
  unit: "LUFS",
  value: (curve, slot) => curve.loudness[slot] ?? QUIET_LUFS,
  together: (values) => Math.max(...values),
  height: (lufs) => (lufs - QUIET_LUFS) / (LOUD_LUFS - QUIET_LUFS),
  lines: [-30, -50],
};

function pitchOf(curves: Curve[]): Drawn {
  const heard = curves.flatMap((curve) => [...curve.pitch].filter((hz) => hz > 0)).sort((one, other) => one - other);
  const at = (share: number): number => heard[Math.floor(share * (heard.length - 1))] ?? 0;
  const [low, high] = heard.length < FEWEST ? [80, 320] : [at(0.02) / 1.15, at(0.98) * 1.15];
  const octaves = Math.log2(Math.max(high, low * 2) / low);
  return {
    name: "pitch",
    unit: "Hz",
    value: (curve, slot) => curve.pitch[slot] ?? 0,
    together: (values) => values.reduce((sum, hz) => sum + hz, 0) / values.length,
    height: (hz) => Math.log2(hz / low) / octaves,
    lines: (octaves < 1.5 ? NEAR_HZ : WIDE_HZ).filter((hz) => hz > low * 1.1 && hz < low * 2 ** octaves),
  };
}

/** Draws one lane over what is in view. The agent is a line, the caller are dots: told apart without colour. */
export function drawCurves(canvas: HTMLCanvasElement, curves: Curve[], drawn: Drawn, axis: Axis, side: string): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const style = getComputedStyle(document.documentElement);
  drawLines(pen, drawn, style, ratio);
  for (const curve of curves) {
    if (side !== "both" && curve.side !== side) continue;
    pen.strokeStyle = pen.fillStyle = style.getPropertyValue(curve.side === "caller" ? "--caller" : "--agent");
    drawCurve(pen, curve, drawn, axis, ratio);
  }
}

function drawLines(pen: CanvasRenderingContext2D, drawn: Drawn, style: CSSStyleDeclaration, ratio: number): void {
  const letters = 10 * ratio;
  let written = Infinity;
  pen.font = `${letters}px system-ui`;
  pen.textAlign = "right";
  for (const value of drawn.lines) {
    const y = Math.round(pen.canvas.height * (1 - drawn.height(value))) + 0.5;
    pen.fillStyle = style.getPropertyValue("--line");
    pen.fillRect(0, y, pen.canvas.width, ratio);
    pen.fillStyle = style.getPropertyValue("--muted");
    const foot = y < 12 * ratio ? y + letters : y - 2 * ratio;
    if (Math.abs(written - foot) < letters) continue; // a low lane has no room for both
    pen.fillText(`${value}`, pen.canvas.width - 2 * ratio, foot);
    written = foot;
  }
}

function drawCurve(pen: CanvasRenderingContext2D, curve: Curve, drawn: Drawn, axis: Axis, ratio: number): void {
  const { width, height } = pen.canvas;
  const asDots = curve.side === "caller";
  let before = false;
  pen.lineWidth = 1.6 * ratio;
  pen.beginPath();
  for (let x = 0; x < width; x += ratio) {
    const value = over(curve, drawn, axis.at(x / width), axis.at((x + ratio) / width));
    const share = value === 0 ? -1 : drawn.height(value);
    const y = height * (1 - share);
    const isThere = share >= 0 && share <= 1;
    if (isThere && asDots && x % (3 * ratio) === 0) pen.fillRect(x, y - ratio, 1.6 * ratio, 1.6 * ratio);
    if (isThere && !asDots) pen[before ? "lineTo" : "moveTo"](x, y);
    before = isThere;
  }
  pen.stroke();
}

/** One value for a stretch, 0 where there is none: a pixel of a long call stands for many slots. */
function over(curve: Curve, drawn: Drawn, fromMs: number, toMs: number): number {
  const first = Math.max(0, slotAt(curve, fromMs));
  const last = Math.min(curve.pitch.length, Math.max(first + 1, slotAt(curve, toMs)));
  const known: number[] = [];
  for (let slot = first; slot < last; slot++) {
    const value = drawn.value(curve, slot);
    if (value) known.push(value);
  }
  return known.length && toMs >= curve.offsetMs ? drawn.together(known) : 0;
}

function slotAt(curve: Curve, ms: number): number {
  return Math.floor(((ms - curve.offsetMs) / 1000) * curve.perSecond);
}

/** What the curves say of one instant: "agent 182 Hz, caller 110 Hz". */
export function saidAt(curves: Curve[], drawn: Drawn, ms: number): string {
  const known = curves.flatMap((curve) => {
    const value = drawn.value(curve, slotAt(curve, ms));
    return value > 0 || (value < 0 && value > QUIET_LUFS) ? [`${curve.side} ${Math.round(value)} ${drawn.unit}`] : [];
  });
  return known.join(", ");
}

/** Two rows that keep their place while the curves are fetched. */
export function curveRows(recordings: Recording[], axis: Axis, sound: Sound, row: (name: string) => HTMLElement): void {
  const rows = [row("pitch"), row("loudness")];
  void loadCurves(recordings).then((curves) => {
    if (!curves.length) for (const empty of rows) label(empty, "not measured yet");
    else drawings(curves).forEach((drawn, index) => show(rows[index] as HTMLElement, curves, drawn, axis, sound));
  });
}

function show(row: HTMLElement, curves: Curve[], drawn: Drawn, axis: Axis, sound: Sound): void {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  const sides = curves.map((curve) => (curve.side === "caller" ? "dots: caller" : `line: ${curve.side}`));
  canvas.setAttribute("aria-label", `${drawn.name} of each side over time, in ${drawn.unit}`);
  label(row, sides.join(", "));
  row.append(canvas);
  const draw = (): void => drawCurves(canvas, curves, drawn, axis, sound.side);
  new ResizeObserver(draw).observe(canvas);
  axis.addEventListener("view", draw);
  sound.addEventListener("state", draw);
  document.addEventListener("themechange", draw);
  document.addEventListener("hovertime", (event) => {
    label(row, saidAt(curves, drawn, (event as CustomEvent<number>).detail) || sides.join(", "));
  });
}

/** Above its curves: who is which, or what they say where the pointer is. */
function label(row: HTMLElement, told: string): void {
  const line = row.querySelector(".lane-told") ?? document.createElement("span");
  line.className = "lane-told";
  line.textContent = told;
  row.append(line);
}

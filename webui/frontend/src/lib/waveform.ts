// Two lanes of sound drawn from peaks that the server computed once: nothing is decoded here, however long the call.
import type { Recording } from "./sound";

export interface Lane {
  side: string;
  /** loudest sample of each slot, 0 to 255 */
  peaks: Uint8Array;
  perSecond: number;
  offsetMs: number;
}

/** The lanes of these recordings, the caller's first. */
export async function loadLanes(recordings: Recording[]): Promise<Lane[]> {
  const lanes = await Promise.all(recordings.map(lanesOf));
  const order = ["caller", "agent", "mixed"];
  return lanes.flat().sort((one, other) => order.indexOf(one.side) - order.indexOf(other.side));
}

async function lanesOf(recording: Recording): Promise<Lane[]> {
  const response = await fetch(recording.peaks_url);
  if (!response.ok) return [];
  const { per_second, channels } = (await response.json()) as { per_second: number; channels: string[] };
  return channels.map((text, index) => ({
    side: recording.channels[index] ?? recording.track,
    peaks: Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
    perSecond: per_second,
    offsetMs: recording.offset_ms,
  }));
}

/** Draws one lane over the stretch `fromMs` to `toMs`. Quiet speech stays visible: the height is a root. */
export function drawLane(canvas: HTMLCanvasElement, lane: Lane, fromMs: number, toMs: number): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.fillStyle = getComputedStyle(canvas).color;
  const msPerPixel = (toMs - fromMs) / canvas.width;
  for (let x = 0; x < canvas.width; x++) {
    const level = loudest(lane, fromMs + x * msPerPixel, fromMs + (x + 1) * msPerPixel);
    const height = Math.max(ratio, Math.sqrt(level / 255) * canvas.height);
    pen.fillRect(x, (canvas.height - height) / 2, 1, height);
  }
}

function loudest(lane: Lane, fromMs: number, toMs: number): number {
  const first = Math.max(0, Math.floor(((fromMs - lane.offsetMs) / 1000) * lane.perSecond));
  const last = Math.max(first + 1, Math.ceil(((toMs - lane.offsetMs) / 1000) * lane.perSecond));
  let most = 0;
  for (let slot = first; slot < Math.min(last, lane.peaks.length); slot++) most = Math.max(most, lane.peaks[slot] ?? 0);
  return toMs < lane.offsetMs ? 0 : most;
}

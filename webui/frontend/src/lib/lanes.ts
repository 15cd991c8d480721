// The lanes of a call on one axis: sound of both sides, turns, tools, hand-offs, trips, verdicts, and the playhead.
import type { Axis } from "./axis";
import type { Recording, Sound } from "./sound";
import { clock } from "./times";
import { drawLane, loadLanes } from "./waveform";

export interface Timeline {
  duration_ms: number;
  recordings: Recording[];
  turns: { id: string; speaker: string; start_ms: number | null; end_ms: number | null; interrupted: boolean | null }[];
  tools: { id: string; name: string; start_ms: number | null; end_ms: number | null; bad: boolean }[];
  handoffs: { at_ms: number | null; to: string | null }[];
  trips: { at_ms: number | null; name: string }[];
  moments: { at_ms: number; verdict: string; text: string }[];
}
interface Mark {
  fromMs: number;
  toMs?: number | null;
  className: string;
  text: string;
  title: string;
}

const SILENCE_MS = 2000;

/** Draws every lane into `place`; a click plays from there. */
export async function showLanes(place: HTMLElement, timeline: Timeline, sound: Sound, axis: Axis): Promise<void> {
  const box = document.createElement("div");
  box.className = "lanes";
  const field = document.createElement("div");
  field.className = "lanes-field";
  box.append(tools(axis, sound), field);
  place.replaceChildren(box);
  for (const lane of await loadLanes(timeline.recordings)) field.append(waveform(lane, axis));
  for (const side of ["caller", "agent"]) field.append(markLane(side, turnMarks(timeline, side), axis, sound));
  for (const [name, marks] of otherLanes(timeline)) {
    if (marks.length) field.append(markLane(name, marks, axis, sound));
  }
  field.append(scale(axis), playhead(axis, sound));
  field.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("button")) void sound.play(axis.at(shareOf(field, event)));
  });
  hover(field, axis);
}

function waveform(lane: Parameters<typeof drawLane>[1], axis: Axis): HTMLElement {
  const row = laneRow(lane.side, `wave ${lane.side}`);
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Loudness of the ${lane.side}`);
  row.append(canvas);
  const draw = (): void => drawLane(canvas, lane, axis.fromMs, axis.toMs);
  new ResizeObserver(draw).observe(canvas);
  axis.addEventListener("view", draw);
  document.addEventListener("themechange", draw);
  return row;
}

function turnMarks(timeline: Timeline, side: string): Mark[] {
  return timeline.turns.flatMap((turn) => {
    if (turn.speaker !== side || turn.start_ms === null) return [];
    const className = `turn ${side}${turn.interrupted ? " interrupted" : ""}`;
    const title = `${side} speaks at ${clock(turn.start_ms / 1000)}${turn.interrupted ? ", interrupted" : ""}`;
    return [{ fromMs: turn.start_ms, toMs: turn.end_ms, className, text: "", title }];
  });
}

function otherLanes(timeline: Timeline): [string, Mark[]][] {
  const at = (ms: number): string => clock(ms / 1000);
  return [
    ["silence", silences(timeline)],
    [
      "tools",
      timeline.tools.flatMap((tool) => {
        if (tool.start_ms === null) return [];
        const text = `${tool.name}${tool.bad ? " ✗" : ""}`;
        const title = `${tool.name} called at ${at(tool.start_ms)}${tool.bad ? ", failed" : ""}`;
        return [{ fromMs: tool.start_ms, toMs: tool.end_ms, className: `tool${tool.bad ? " bad" : ""}`, text, title }];
      }),
    ],
    [
      "events",
      [
        ...timeline.handoffs.flatMap(({ at_ms, to }) =>
          at_ms === null
            ? []
            : [
                {
                  fromMs: at_ms,
                  className: "handoff",
                  text: `◆ ${to ?? ""}`,
                  title: `handed to ${to} at ${at(at_ms)}`,
                },
              ],
        ),
        ...timeline.trips.flatMap(({ at_ms, name }) =>
          at_ms === null
            ? []
            : [{ fromMs: at_ms, className: "trip", text: `▲ ${name}`, title: `guardrail ${name} at ${at(at_ms)}` }],
        ),
      ],
    ],
    [
      "verdicts",
      timeline.moments.map(({ at_ms, verdict, text }) => ({
        fromMs: at_ms,
        className: `moment ${verdict}`,
        text: verdict === "fail" ? "✗" : "?",
        title: `${text} (${at(at_ms)})`,
      })),
    ],
  ];
}

/** Stretches in which neither side has a turn and no tool runs. */
function silences(timeline: Timeline): Mark[] {
  const busy = [...timeline.turns, ...timeline.tools]
    .filter((part) => part.start_ms !== null && part.end_ms !== null)
    .map((part) => [part.start_ms ?? 0, part.end_ms ?? 0] as const)
    .sort((one, other) => one[0] - other[0]);
  const found: Mark[] = [];
  let until = busy[0]?.[1] ?? 0;
  for (const [start, end] of busy) {
    if (start - until >= SILENCE_MS) found.push(silence(until, start));
    until = Math.max(until, end);
  }
  return found;
}

function silence(fromMs: number, toMs: number): Mark {
  const text = `${((toMs - fromMs) / 1000).toFixed(1)} s`;
  return { fromMs, toMs, className: "silence", text, title: `${text} of silence at ${clock(fromMs / 1000)}` };
}

function markLane(name: string, marks: Mark[], axis: Axis, sound: Sound): HTMLElement {
  const row = laneRow(name, `marks ${name}`);
  const drawn = marks.map((mark) => ({ mark, shown: markButton(mark, sound) }));
  row.append(...drawn.map(({ shown }) => shown));
  const put = (): void => {
    for (const { mark, shown } of drawn) place(shown, axis.share(mark.fromMs), axis.share(mark.toMs ?? mark.fromMs));
  };
  put();
  axis.addEventListener("view", put);
  return row;
}

function markButton(mark: Mark, sound: Sound): HTMLButtonElement {
  const shown = document.createElement("button");
  shown.type = "button";
  shown.className = `mark ${mark.className}`;
  shown.textContent = mark.text;
  shown.title = mark.title;
  shown.setAttribute("aria-label", `${mark.title}. Play from here.`);
  shown.addEventListener("click", () => void sound.play(mark.fromMs));
  return shown;
}

function place(shown: HTMLElement, left: number, right: number): void {
  shown.hidden = right < 0 || left > 1;
  shown.style.left = `${100 * Math.max(0, left)}%`;
  shown.style.width = right > left ? `${100 * (Math.min(1, right) - Math.max(0, left))}%` : "";
}

function laneRow(name: string, className: string): HTMLElement {
  const row = document.createElement("div");
  row.className = `lane ${className}`;
  const label = document.createElement("span");
  label.className = "lane-name";
  label.textContent = name;
  row.append(label);
  return row;
}

function scale(axis: Axis): HTMLElement {
  const row = laneRow("", "scale");
  const draw = (): void => {
    const most = Math.max(3, Math.min(10, Math.floor((row.clientWidth || 900) / 64))); // labels do not touch
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200].find((s) => axis.spanMs / 1000 / s <= most) ?? 3600;
    row.replaceChildren();
    for (let second = Math.ceil(axis.fromMs / 1000 / step) * step; second * 1000 <= axis.toMs; second += step) {
      const tick = document.createElement("span");
      tick.textContent = clock(second);
      tick.style.left = `${100 * axis.share(second * 1000)}%`;
      row.append(tick);
    }
  };
  new ResizeObserver(draw).observe(row);
  axis.addEventListener("view", draw);
  return row;
}

function playhead(axis: Axis, sound: Sound): HTMLElement {
  const line = document.createElement("div");
  line.className = "playhead";
  const put = (): void => {
    if (sound.playing) axis.reveal(sound.timeMs);
    line.style.left = `${100 * axis.share(sound.timeMs)}%`;
  };
  put();
  sound.addEventListener("time", put);
  axis.addEventListener("view", put);
  return line;
}

function hover(field: HTMLElement, axis: Axis): void {
  const line = document.createElement("div");
  line.className = "hoverline";
  line.hidden = true;
  field.append(line);
  field.addEventListener("pointermove", (event) => {
    const share = shareOf(field, event);
    line.hidden = false;
    line.style.left = `${100 * share}%`;
    line.dataset.time = clock(axis.at(share) / 1000);
    document.dispatchEvent(new CustomEvent("hovertime", { detail: axis.at(share) }));
  });
  field.addEventListener("pointerleave", () => {
    line.hidden = true;
  });
}

function tools(axis: Axis, sound: Sound): HTMLElement {
  const row = document.createElement("div");
  row.className = "lanes-tools";
  for (const [name, factor] of [
    ["Zoom in", 0.5],
    ["Zoom out", 2],
  ] as const) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small quiet";
    button.textContent = name;
    button.addEventListener("click", () => axis.zoom(factor, sound.timeMs || axis.at(0.5)));
    row.append(button);
  }
  return row;
}

function shareOf(field: HTMLElement, event: MouseEvent): number {
  const box = field.getBoundingClientRect();
  return (event.clientX - box.left) / box.width;
}

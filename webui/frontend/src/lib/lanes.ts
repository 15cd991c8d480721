// The lanes of a call on one axis: sound of both sides, turns, tools, hand-offs, trips, verdicts, and the playhead.
import type { Axis } from "./axis";
import { curveRows } from "./curves";
import { LEVELS, type Mark, otherLanes, type Timeline, turnMarks } from "./marks";
import type { Sound } from "./sound";
import { clock } from "./times";
import { drawLane, loadLanes } from "./waveform";

const ROOM_PX = 32; // less than this, and a text says nothing
const INSIDE_PX: Record<string, number> = { answers: Number.POSITIVE_INFINITY, silence: 40 }; // else it stands after
const LONG_PX = 60;
const LATE = 0.9;

/** Draws every lane into `place`; a click plays from there. */
export async function showLanes(place: HTMLElement, timeline: Timeline, sound: Sound, axis: Axis): Promise<void> {
  const box = document.createElement("div");
  box.className = "lanes";
  const field = document.createElement("div");
  field.className = "lanes-field";
  box.append(tools(axis, sound, timeline), field);
  for (const lane of await loadLanes(timeline.recordings)) field.append(waveform(lane, axis));
  if (timeline.recordings.some((recording) => recording.contour_url)) {
    curveRows(timeline.recordings, axis, sound, (name) => field.appendChild(laneRow(name, `curve ${name}`)));
  }
  for (const side of ["caller", "agent"]) field.append(markLane(side, turnMarks(timeline, side), axis, sound));
  for (const [name, marks] of otherLanes(timeline)) {
    if (marks.length) field.append(markLane(name, marks, axis, sound));
  }
  field.append(scale(axis), playhead(axis, sound));
  place.replaceChildren(box); // only when it is whole: what it takes the place of is as high
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

function markLane(name: string, marks: Mark[], axis: Axis, sound: Sound): HTMLElement {
  const row = laneRow(name, `marks ${name}`);
  const inOrder = [...marks].sort((one, other) => one.fromMs - other.fromMs);
  const drawn = inOrder.map((mark) => ({ mark, shown: markButton(mark, sound) }));
  row.append(...drawn.map(({ shown }) => shown));
  const put = (): void => {
    for (const { mark, shown } of drawn) place(shown, axis.share(mark.fromMs), axis.share(mark.toMs ?? mark.fromMs));
    const visible = drawn.map(({ shown }) => shown).filter((shown) => !shown.hidden);
    if (name !== "verdicts") fitTexts(visible, row.clientWidth, INSIDE_PX[name] ?? LONG_PX);
  };
  put();
  new ResizeObserver(put).observe(row);
  arrowsBetween(row);
  axis.addEventListener("view", put);
  return row;
}

function markButton(mark: Mark, sound: Sound): HTMLButtonElement {
  const shown = document.createElement("button");
  shown.type = "button";
  shown.className = `mark ${mark.className}`;
  const text = document.createElement("span");
  text.className = "mark-text";
  text.textContent = mark.text;
  shown.append(text);
  shown.title = mark.title;
  shown.setAttribute("aria-label", `${mark.title}. ${sound.isSilent ? "Go there." : "Play from here."}`);
  shown.addEventListener("click", () => void sound.play(mark.fromMs));
  return shown;
}

/** A text stands in its mark or ends before the next one, and is left out without room; the mark's title still says it. */
function fitTexts(shown: HTMLElement[], width: number, insidePx: number): void {
  const px = (percent: string): number => ((Number.parseFloat(percent) || 0) / 100) * width;
  shown.forEach((mark, index) => {
    const [left, length] = [px(mark.style.left), px(mark.style.width)];
    const isInside = length >= insidePx;
    const next = shown[index + 1];
    const room = isInside ? length - 8 : (next ? px(next.style.left) : width) - left - Math.max(10, length) - 6;
    mark.style.setProperty("--room", `${room}px`);
    mark.classList.toggle("outside", !isInside);
    mark.classList.toggle("tight", !isInside && room < ROOM_PX);
  });
}

/** One stop of the Tab key for each lane; left and right go through its marks. */
function arrowsBetween(row: HTMLElement): void {
  const marks = [...row.querySelectorAll<HTMLElement>(".mark")];
  marks.slice(1).forEach((mark) => {
    mark.tabIndex = -1;
  });
  row.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = by && marks[marks.indexOf(document.activeElement as HTMLElement) + by];
    if (!next) return;
    event.preventDefault();
    for (const mark of marks) mark.tabIndex = mark === next ? 0 : -1;
    next.focus();
  });
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
  row.dataset.lane = name;
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
      row.append(tick);
      const half = tick.offsetWidth / 2;
      const at = axis.share(second * 1000) * row.clientWidth;
      tick.style.left = `${Math.max(half, Math.min(at, row.clientWidth - half))}px`; // whole at both ends, too
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
    line.classList.toggle("late", share > LATE);
    line.dataset.time = clock(axis.at(share) / 1000);
    document.dispatchEvent(new CustomEvent("hovertime", { detail: axis.at(share) }));
  });
  field.addEventListener("pointerleave", () => {
    line.hidden = true;
  });
}

function tools(axis: Axis, sound: Sound, timeline: Timeline): HTMLElement {
  const row = document.createElement("div");
  row.className = "lanes-tools";
  if (timeline.answers.length) row.append(legend());
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

/** What the colours and patterns of turns and answers mean. */
function legend(): HTMLElement {
  const list = document.createElement("ul");
  list.className = "lanes-legend";
  list.setAttribute("aria-label", "How long the caller waited for an answer");
  list.append(legendEntry("", "answered after"));
  for (const [level, told] of Object.entries(LEVELS)) list.append(legendEntry(`answer ${level}`, told));
  list.append(legendEntry("overlap", "both speak"), legendEntry("silence", "silence"));
  return list;
}

function legendEntry(className: string, told: string): HTMLElement {
  const entry = document.createElement("li");
  const sample = document.createElement("span");
  sample.className = `legend-sample mark ${className}`;
  entry.append(...(className ? [sample] : []), told);
  return entry;
}

function shareOf(field: HTMLElement, event: MouseEvent): number {
  const box = field.getBoundingClientRect();
  return (event.clientX - box.left) / box.width;
}

// What the lanes of a call mark on the time axis, from its timeline.
import type { Recording } from "./sound";
import { clock } from "./times";

type Stretch = [number, number];
export interface Answer {
  turn_id: string;
  ms: number;
  level: "quick" | "noticeable" | "slow";
  start_ms: number;
  end_ms: number;
}
export interface Timeline {
  duration_ms: number;
  recordings: Recording[];
  turns: { id: string; speaker: string; start_ms: number | null; end_ms: number | null; interrupted: boolean | null }[];
  tools: { id: string; name: string; start_ms: number | null; end_ms: number | null; bad: boolean }[];
  handoffs: { at_ms: number | null; to: string | null }[];
  trips: { at_ms: number | null; name: string }[];
  moments: { at_ms: number; verdict: string; text: string }[];
  answers: Answer[];
  /** null where nobody measured them */
  overlaps: Stretch[] | null;
  dead_air: Stretch[] | null;
}
export interface Mark {
  fromMs: number;
  toMs?: number | null;
  className: string;
  text: string;
  title: string;
}

const SILENCE_MS = 2000;
const OVERLAP_MS = 100;
const JOINED_MS = 500;
export const LEVELS = { quick: "up to 1 s", noticeable: "1 to 3 s", slow: "over 3 s" };

/** A side's turns; where no turn has times, its sound. */
export function turnMarks(timeline: Timeline, side: string): Mark[] {
  const timed = timeline.turns.filter((turn) => turn.speaker === side && turn.start_ms !== null);
  if (!timed.length) return spoken(timeline, side).map(([fromMs, toMs]) => said(side, fromMs, toMs, ""));
  const answers = new Map(timeline.answers.map((answer) => [answer.turn_id, answer]));
  return timed.map((turn) => {
    const answer = answers.get(turn.id);
    const extra = `${turn.interrupted ? " interrupted" : ""}${answer ? ` ${answer.level}` : ""}`;
    const told = `${turn.interrupted ? ", interrupted" : ""}${answer ? `, answered after ${seconds(answer.ms)}` : ""}`;
    return said(side, turn.start_ms ?? 0, turn.end_ms, extra, told);
  });
}

function said(side: string, fromMs: number, toMs: number | null, extra: string, told = ""): Mark {
  return { fromMs, toMs, className: `turn ${side}${extra}`, text: "", title: `${side} speaks at ${at(fromMs)}${told}` };
}

function spoken(timeline: Timeline, side: string): Stretch[] {
  for (const { channels, voiced, offset_ms } of timeline.recordings) {
    const heard = voiced?.[channels.indexOf(side)];
    if (heard) return joined(heard.map(([start, end]) => [start + offset_ms, end + offset_ms]));
  }
  return [];
}

function joined(stretches: Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (const [start, end] of stretches) {
    const last = found.at(-1);
    if (last && start - last[1] <= JOINED_MS) last[1] = end;
    else found.push([start, end]);
  }
  return found;
}

/** The lanes below the turns, each with its name. */
export function otherLanes(timeline: Timeline): [string, Mark[]][] {
  return [
    ["answers", timeline.answers.map(answered)],
    ["overlap", (timeline.overlaps ?? []).filter(([from, to]) => to - from >= OVERLAP_MS).map(overlap)],
    ["silence", timeline.dead_air ? timeline.dead_air.map(([from, to]) => silence(from, to)) : silences(timeline)],
    ["tools", timeline.tools.flatMap(tool)],
    ["events", [...timeline.handoffs.flatMap(handoff), ...timeline.trips.flatMap(trip)]],
    ["verdicts", timeline.moments.map(verdict)],
  ];
}

function answered({ start_ms, end_ms, ms, level }: Answer): Mark {
  const title = `answered after ${seconds(ms)}, ${LEVELS[level]}, at ${at(end_ms)}`;
  return { fromMs: start_ms, toMs: end_ms, className: `answer ${level}`, text: seconds(ms), title };
}

function overlap([fromMs, toMs]: Stretch): Mark {
  const title = `both speak for ${seconds(toMs - fromMs)} at ${at(fromMs)}`;
  return { fromMs, toMs, className: "overlap", text: "", title };
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
  const text = seconds(toMs - fromMs);
  return { fromMs, toMs, className: "silence", text, title: `${text} of silence at ${at(fromMs)}` };
}

function tool({ name, start_ms, end_ms, bad }: Timeline["tools"][number]): Mark[] {
  if (start_ms === null) return [];
  const title = `${name} called at ${at(start_ms)}${bad ? ", failed" : ""}`;
  const className = `tool${bad ? " bad" : ""}`;
  return [{ fromMs: start_ms, toMs: end_ms, className, text: `${bad ? "✗ " : ""}${name}`, title }];
}

function handoff({ at_ms, to }: Timeline["handoffs"][number]): Mark[] {
  if (at_ms === null) return [];
  return [{ fromMs: at_ms, className: "handoff", text: `◆ ${to ?? ""}`, title: `handed to ${to} at ${at(at_ms)}` }];
}

function trip({ at_ms, name }: Timeline["trips"][number]): Mark[] {
  if (at_ms === null) return [];
  return [{ fromMs: at_ms, className: "trip", text: `▲ ${name}`, title: `guardrail ${name} at ${at(at_ms)}` }];
}

function verdict({ at_ms, verdict: word, text }: Timeline["moments"][number]): Mark {
  const sign = word === "fail" ? "✗" : "?";
  return { fromMs: at_ms, className: `moment ${word}`, text: sign, title: `${text} (${at(at_ms)})` };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function at(ms: number): string {
  return clock(ms / 1000);
}

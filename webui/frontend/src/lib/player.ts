// The player: one bar at the foot of a page, the lanes of a call above it, one clock for both.
//
//   const player = await mountPlayer(place)     place.dataset.timeline = address of the call's timeline JSON
//   player.sound       Sound: playing, timeMs, play(ms?), pause(), toggle(), seek(ms), rate, solo(side);
//                      events "time" and "state"
//   player.axis        Axis: what is in view
//   player.timeline    the JSON: turns, tools, handoffs, trips, moments, answers, recordings
//   player.unmount()   stops the sound and forgets the keys
//
// Keys: Space play, J/L 5 s back and on (Shift 1 s), [ ] \ speed, A B D caller, both, agent. Each has a button.
import { Axis } from "./axis";
import { bindKeys } from "./keys";
import { showLanes } from "./lanes";
import type { Timeline } from "./marks";
import { type Side, Sound } from "./sound";
import { clock } from "./times";

export interface Player {
  sound: Sound;
  axis: Axis;
  timeline: Timeline;
  unmount(): void;
}

const STEP_MS = 5000;
const SMALL_STEP_MS = 1000;

/** Draws lanes and bar into `place` and binds the keys. */
export async function mountPlayer(place: HTMLElement): Promise<Player> {
  const response = await fetch(place.dataset.timeline ?? "");
  const timeline = (await response.json()) as Timeline;
  const sound = new Sound(timeline.recordings, timeline.duration_ms);
  const axis = new Axis(Math.max(1000, timeline.duration_ms));
  await showLanes(place, timeline, sound, axis);
  const bar = playerBar(sound, timeline);
  document.body.append(bar);
  const unbind = bindKeys(commands(sound));
  startAtAddress(sound);
  const unmount = (): void => {
    sound.pause();
    unbind();
    bar.remove();
  };
  return { sound, axis, timeline, unmount };
}

function commands(sound: Sound): Record<string, () => void> {
  const step = (ms: number) => (): void => sound.seek(sound.timeMs + ms);
  return {
    " ": () => sound.toggle(),
    j: step(-STEP_MS),
    l: step(STEP_MS),
    "Shift+j": step(-SMALL_STEP_MS),
    "Shift+l": step(SMALL_STEP_MS),
    "[": () => slower(sound),
    "]": () => faster(sound),
    "\\": () => {
      sound.rate = 1;
    },
    a: () => sound.solo("caller"),
    b: () => sound.solo("both"),
    d: () => sound.solo("agent"),
  };
}

function slower(sound: Sound): void {
  sound.rate = sound.rate - 0.25;
}

function faster(sound: Sound): void {
  sound.rate = sound.rate + 0.25;
}

function playerBar(sound: Sound, timeline: Timeline): HTMLElement {
  const bar = document.createElement("div");
  bar.className = "player";
  bar.setAttribute("role", "region");
  bar.setAttribute("aria-label", "Player");
  if (sound.isSilent) {
    bar.textContent =
      "There is no recording of this call. Its times come from its turns: choose a moment to read what was said.";
    return bar;
  }
  const play = button("Play", "Space", () => sound.toggle(), "primary");
  const time = element("output", "player-time", "0:00");
  const rate = button("1x", "\\", () => {
    sound.rate = 1;
  });
  rate.title = "Normal speed (\\)";
  bar.append(
    play,
    time,
    element("span", "muted", `/ ${clock(timeline.duration_ms / 1000)}`),
    button("−5 s", "J", () => sound.seek(sound.timeMs - STEP_MS), "quiet"),
    button("+5 s", "L", () => sound.seek(sound.timeMs + STEP_MS), "quiet"),
    button("Slower", "[", () => slower(sound), "quiet wide-only"),
    rate,
    button("Faster", "]", () => faster(sound), "quiet wide-only"),
    sides(sound),
    button("Copy this moment", "", () => void copyMoment(sound), "quiet wide-only"),
  );
  sound.addEventListener("time", () => {
    time.textContent = `${clock(sound.timeMs / 1000)}.${Math.floor((sound.timeMs % 1000) / 100)}`;
  });
  sound.addEventListener("state", () => {
    play.firstChild?.replaceWith(sound.playing ? "Pause" : "Play");
    rate.firstChild?.replaceWith(`${sound.rate}x`);
  });
  return bar;
}

function sides(sound: Sound): HTMLElement {
  const group = element("span", "player-sides");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Whom to hear");
  if (sound.sides.size < 2) group.hidden = true;
  const choices: [Side, string, string][] = [
    ["caller", "Caller", "A"],
    ["both", "Both", "B"],
    ["agent", "Agent", "D"],
  ];
  for (const [side, name, key] of choices) {
    const choice = button(name, key, () => sound.solo(side), "quiet");
    choice.setAttribute("aria-pressed", String(sound.side === side));
    sound.addEventListener("state", () => choice.setAttribute("aria-pressed", String(sound.side === side)));
    group.append(choice);
  }
  return group;
}

async function copyMoment(sound: Sound): Promise<void> {
  const address = new URL(location.href);
  address.searchParams.set("t", (sound.timeMs / 1000).toFixed(1));
  await navigator.clipboard.writeText(address.toString());
  const { toast } = await import("./toast");
  toast("The address of this moment is copied.");
}

/** `?t=67.3` starts there; it does not play by itself. */
function startAtAddress(sound: Sound): void {
  const seconds = Number(new URL(location.href).searchParams.get("t") ?? Number.NaN);
  if (Number.isFinite(seconds)) sound.seek(seconds * 1000);
}

function button(name: string, key: string, press: () => void, kind = ""): HTMLButtonElement {
  const made = element("button", `small ${kind}`, name) as HTMLButtonElement;
  made.type = "button";
  if (key) made.append(" ", element("kbd", "", key));
  made.addEventListener("click", press);
  return made;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className.trim();
  made.textContent = text;
  return made;
}

// One call: the player, the transcript that follows it, tabs.
import { leadBack } from "../lib/came";
import { bindHelp } from "../lib/help";
import { bindKeys } from "../lib/keys";
import { mountPlayer, type Player } from "../lib/player";
import { bindTabs } from "../lib/tabs";

const FOLLOW_AGAIN_MS = 4000;
const JUST_BEGUN_MS = 1000; // so shortly after its start, "previous" means the turn before

leadBack();
bindHelp();

const place = document.querySelector<HTMLElement>("[data-player]");
if (place) void mountPlayer(place).then(follow);
for (const tabs of document.querySelectorAll<HTMLElement>("[role=tablist]")) bindTabs(tabs);

function follow(player: Player): void {
  const transcript = document.querySelector<HTMLElement>("[data-transcript]");
  let lines = timedLines();
  document.addEventListener("htmx:after:swap", () => {
    lines = timedLines(); // the rest of a long transcript comes later
  });
  document.addEventListener("click", (event) => {
    const start = (event.target as Element).closest<HTMLElement>("[data-play]")?.dataset.play;
    if (start) void player.sound.play(Number(start));
  });
  let scrolledAt = 0;
  transcript?.addEventListener("wheel", () => {
    scrolledAt = Date.now();
  });
  const show = (): void => {
    const now = mark(lines, player.sound.timeMs, "now");
    const mayScroll = player.sound.playing && Date.now() - scrolledAt > FOLLOW_AGAIN_MS;
    if (now && transcript && mayScroll) keepInView(transcript, now);
    if (now && player.sound.isSilent) now.scrollIntoView({ block: "nearest", behavior: "smooth" }); // to read instead
  };
  player.sound.addEventListener("time", show);
  if (player.sound.isSilent && player.sound.timeMs) show();
  bindKeys({
    n: () => step(lines.find((line) => startOf(line) > player.sound.timeMs + 1)),
    p: () => step(lines.filter((line) => startOf(line) < player.sound.timeMs - JUST_BEGUN_MS).at(-1)),
    w: () => openWaterfall(lines, player.sound.timeMs),
  });
  const step = (line: HTMLElement | undefined): void => {
    if (!line) return;
    player.sound.seek(startOf(line));
    line.querySelector<HTMLElement>("[data-play], summary")?.focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("hovertime", (event) => mark(lines, (event as CustomEvent<number>).detail, "near"));
}

function timedLines(): HTMLElement[] {
  const lines = document.querySelectorAll<HTMLElement>("[data-line][data-start]");
  return [...lines].filter((line) => line.dataset.start);
}

/** Marks the last line that began by then. Returns it when it changed. */
function mark(lines: HTMLElement[], ms: number, name: string): HTMLElement | null {
  const current = lines.filter((line) => Number(line.dataset.start) <= ms).at(-1);
  if (current?.classList.contains(name)) return null;
  for (const line of lines) line.classList.toggle(name, line === current);
  return current ?? null;
}

function startOf(line: HTMLElement): number {
  return Number(line.dataset.start);
}

/** Where the time of the answer went that is heard now or comes next. */
function openWaterfall(lines: HTMLElement[], ms: number): void {
  const from = Math.max(0, lines.filter((line) => startOf(line) <= ms).length - 1);
  const found = lines
    .slice(from)
    .map((line) => line.querySelector<HTMLDetailsElement>("details.waterfall"))
    .find(Boolean);
  if (!found) return;
  found.open = !found.open;
  found.querySelector("summary")?.focus();
}

function keepInView(box: HTMLElement, line: HTMLElement): void {
  const top = line.offsetTop - box.clientHeight / 3;
  box.scrollTo({ top, behavior: "smooth" });
}

// The list of calls: tiny waveforms fetched in one go, j and k through the rows.
import { keepFilters } from "../lib/came";
import { bindKeys } from "../lib/keys";

keepFilters();
bindKeys({ "/": () => document.querySelector<HTMLElement>("[name=q]")?.focus() });

const list = document.querySelector<HTMLElement>(".call-list");
if (list) {
  void drawWaves(list);
  document.addEventListener("htmx:after:swap", () => void drawWaves(list));
  document.addEventListener("themechange", () => {
    for (const place of list.querySelectorAll<HTMLElement>("[data-wave]")) place.replaceChildren();
    void drawWaves(list);
  });
  bindKeys({ j: () => step(list, 1), k: () => step(list, -1) });
}

async function drawWaves(root: HTMLElement): Promise<void> {
  const places = [...root.querySelectorAll<HTMLElement>("[data-wave]:empty")];
  if (!places.length) return;
  const hashes = [...new Set(places.map((place) => place.dataset.wave ?? ""))];
  const response = await fetch(`${root.dataset.waveforms}?of=${hashes.join(",")}`);
  const waves = (await response.json()) as Record<string, number[][]>;
  for (const place of places) draw(place, waves[place.dataset.wave ?? ""] ?? []);
}

function draw(place: HTMLElement, lanes: number[][]): void {
  const canvas = document.createElement("canvas");
  canvas.width = 120;
  canvas.height = 32;
  place.replaceChildren(canvas);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  lanes.slice(0, 2).forEach((lane, row) => {
    if (!pen) return;
    pen.fillStyle = style.getPropertyValue(lanes.length < 2 ? "--silence" : row ? "--agent" : "--caller"); // one: both
    const middle = (canvas.height / lanes.length) * (row + 0.5);
    lane.forEach((level, column) => {
      const height = Math.max(1, Math.sqrt(level / 255) * (canvas.height / lanes.length - 1));
      pen.fillRect((column * canvas.width) / lane.length, middle - height / 2, 1.4, height);
    });
  });
}

function step(root: HTMLElement, by: number): void {
  const rows = [...root.querySelectorAll<HTMLElement>(".call-row")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
}

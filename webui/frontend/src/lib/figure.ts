// A figure that came as JSON, drawn in the theme's colours. Every point carries the address of its calls.
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface Layout {
  [key: string]: Json;
  xaxis: { [key: string]: Json };
  yaxis: { [key: string]: Json };
}
interface Clicked {
  points: { customdata?: unknown; data?: { customdata?: unknown[] } }[];
}
interface Plotly {
  react(place: HTMLElement, data: Json, layout: Json, config: object): Promise<HTMLElement>;
}

const CONFIG = { displayModeBar: false, responsive: true, doubleClick: "reset" };

/** Draws the figure of `place` (data-plot names it), and again when the theme changes. */
export async function drawFigure(place: HTMLElement): Promise<void> {
  const source = document.getElementById(`figure-${place.dataset.plot}`)?.textContent ?? "{}";
  const figure = JSON.parse(source) as { data: Json; layout: Layout };
  const plotly = (await import("plotly.js-cartesian-dist-min")).default as unknown as Plotly;
  const layout = matchMedia("(pointer: coarse)").matches ? still(figure.layout) : figure.layout;
  const draw = () => plotly.react(place, themed(figure.data), themed(layout), CONFIG);
  place.replaceChildren(); // what kept its place until now
  const drawn = (await draw()) as HTMLElement & { on(event: string, then: (found: Clicked) => void): void };
  drawn.on("plotly_click", openCalls);
  document.addEventListener("themechange", () => void draw());
}

/** A finger that moves over a chart moves the page; it does not zoom. */
function still(layout: Layout): Layout {
  const axes = { xaxis: { ...layout.xaxis, fixedrange: true }, yaxis: { ...layout.yaxis, fixedrange: true } };
  return { ...layout, ...axes, dragmode: false };
}

function openCalls(clicked: Clicked): void {
  const point = clicked.points[0];
  const url = point?.customdata ?? point?.data?.customdata?.[0];
  if (typeof url === "string" && url.startsWith("/")) location.assign(url);
}

/** Replaces "var(--name)" by the value the theme gives it, at any depth. */
function themed(value: Json): Json {
  if (typeof value === "string" && value.startsWith("var(")) return token(value.slice(4, -1));
  if (Array.isArray(value)) return value.map(themed);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, themed(inner)]));
  }
  return value;
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Draws the charts of the dashboard; a click on a point opens its calls.
import { drawFigure } from "../lib/figure";

for (const place of document.querySelectorAll<HTMLElement>("[data-plot]")) void drawFigure(place);

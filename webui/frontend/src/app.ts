// What every page has: htmx, the theme switch, times in the viewer's zone, copy buttons, questions before danger.
import "htmx.org";
import { localTimes } from "./lib/times";
import { toast } from "./lib/toast";

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-theme-toggle]")) toggleTheme();
  if (target?.closest("[data-nav]")) toggleNavigation();
  const copy = target?.closest<HTMLElement>("[data-copy]");
  if (copy) void copyText(copy.dataset.copy ?? "");
});

document.addEventListener("change", (event) => {
  const field = event.target instanceof HTMLElement ? event.target.closest("[data-submit]") : null;
  (field as HTMLSelectElement | null)?.form?.requestSubmit();
});

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) event.preventDefault();
});

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  const { request } = (event as CustomEvent<{ ctx: { request: { headers: Record<string, string> } } }>).detail.ctx;
  request.headers["X-CSRFToken"] = token;
});
document.addEventListener("htmx:after:swap", () => localTimes(document.body));

for (const message of document.querySelectorAll<HTMLElement>("[data-toast]")) {
  toast(message.textContent ?? "");
  message.remove();
}
localTimes(document.body);

function toggleTheme(): void {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("theme", theme);
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent("themechange"));
}

function toggleNavigation(): void {
  const open = document.getElementById("nav")?.classList.toggle("open") ?? false;
  document.querySelector("[data-nav]")?.setAttribute("aria-expanded", String(open));
}

async function copyText(selector: string): Promise<void> {
  await navigator.clipboard.writeText(document.querySelector(selector)?.textContent?.trim() ?? "");
  toast("Copied.");
}

// What every page has: htmx, the theme switch, times in the viewer's zone, copy buttons, questions before danger.
import "htmx.org";
import { askFirst } from "./lib/confirm";
import { copyText } from "./lib/copy";
import { fold } from "./lib/fold";
import { bindNavigation } from "./lib/navigation";
import { localTimes } from "./lib/times";
import { toast } from "./lib/toast";

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-theme-toggle]")) toggleTheme();
  const copy = target?.closest<HTMLElement>("[data-copy]");
  if (copy) void copyText(copy.dataset.copy ?? "");
  const folds = target?.closest<HTMLElement>("[data-folds]");
  if (folds) fold(folds);
});

document.addEventListener("change", (event) => {
  const field = event.target instanceof HTMLElement ? event.target.closest("[data-submit]") : null;
  (field as HTMLSelectElement | null)?.form?.requestSubmit();
});

document.addEventListener("submit", askFirst);

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  const { request } = (event as CustomEvent<{ ctx: { request: { headers: Record<string, string> } } }>).detail.ctx;
  request.headers["X-CSRFToken"] = token;
});
document.addEventListener("htmx:after:swap", () => localTimes(document.body));
document.addEventListener("htmx:error", () => toast("The server does not answer. Trying again helps once it is back."));
document.addEventListener("htmx:response:error", (event) => {
  const { status } = (event as CustomEvent<{ ctx: { response: { status: number } } }>).detail.ctx.response;
  if (status === 401) toast("You are signed out. Reload the page to sign in.");
  if (status >= 500) toast("That did not work. Try again in a moment.");
});

for (const message of document.querySelectorAll<HTMLElement>("[data-toast]")) {
  toast(message.textContent ?? "");
  message.remove();
}
localTimes(document.body);
bindNavigation();

function toggleTheme(): void {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("theme", theme);
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent("themechange"));
}

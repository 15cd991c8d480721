// A recording on its way: how much of it is sent and how long it still takes, a way out, and what went wrong.
import { clock } from "../lib/times";

const TOO_LARGE =
  "The server, or a proxy before it, takes no file this large. Send it compressed, as FLAC or Opus, " +
  "or ask who runs the server to allow more.";
const form = document.querySelector<HTMLFormElement>("[data-upload]");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const problem = tooLarge(form);
  say(form, "[data-problem]", problem);
  if (!problem) send(form);
});

function send(form: HTMLFormElement): void {
  const request = new XMLHttpRequest(); // fetch does not tell how much is sent
  const body = new FormData(form);
  const startedAt = Date.now();
  const leave = (event: BeforeUnloadEvent): void => event.preventDefault();
  const done = (problem: string): void => {
    window.removeEventListener("beforeunload", leave);
    show(form, false);
    say(form, "[data-problem]", problem);
    form.querySelector<HTMLElement>("button.primary")?.focus();
  };
  request.upload.addEventListener("progress", ({ loaded, total }) => tell(form, loaded, total, Date.now() - startedAt));
  request.upload.addEventListener("load", () => say(form, "[data-stage]", "All of it is sent. Reading the sound ..."));
  request.addEventListener("error", () => done("The connection broke before all of it was sent. Try again."));
  request.addEventListener("abort", () => done(""));
  request.addEventListener("load", () => {
    if (request.status >= 400) return done(reason(request));
    window.removeEventListener("beforeunload", leave);
    location.assign(request.responseURL); // the server sent us on to the call
  });
  cancelButton(form).onclick = () => request.abort();
  window.addEventListener("beforeunload", leave);
  say(form, "[data-stage]", "Sending ...");
  tell(form, 0, 1, 0);
  show(form, true);
  cancelButton(form).focus();
  request.open("POST", form.action);
  request.send(body);
}

function tell(form: HTMLFormElement, sent: number, total: number, tookMs: number): void {
  const bar = form.querySelector("progress");
  if (bar) bar.value = sent / total;
  const left = sent ? (tookMs * (total - sent)) / sent / 1000 : 0;
  const rest = left >= 2 && tookMs > 1000 ? `, about ${clock(left)} left` : "";
  say(form, "[data-amount]", total > 1 ? `${megabytes(sent)} of ${megabytes(total)} MB${rest}` : "");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** What would be refused once all of it was sent is told before. */
function tooLarge(form: HTMLFormElement): string {
  const file = form.querySelector<HTMLInputElement>("[type=file]")?.files?.[0];
  const most = Number(form.dataset.most);
  if (!file || file.size <= most) return "";
  return (
    `This file has ${megabytes(file.size)} MB; ${megabytes(most)} MB are the most a recording may have. ` +
    "Send it compressed, as FLAC or Opus."
  );
}

/** What the error page says: its words stand here instead, and what was filled in stays. A proxy's page has none. */
function reason({ status, responseText }: XMLHttpRequest): string {
  const told = new DOMParser().parseFromString(responseText, "text/html").querySelector("[data-told]");
  return told?.textContent?.trim() || (status === 413 ? TOO_LARGE : "That did not work. Try again in a moment.");
}

function show(form: HTMLFormElement, isSending: boolean): void {
  const sending = form.querySelector<HTMLElement>("[data-sending]");
  if (sending) sending.hidden = !isSending;
  for (const field of form.querySelectorAll<HTMLInputElement>("input, select, button.primary")) {
    field.disabled = isSending;
  }
}

function cancelButton(form: HTMLFormElement): HTMLButtonElement {
  return form.querySelector<HTMLButtonElement>("[data-cancel]") as HTMLButtonElement;
}

function say(form: HTMLFormElement, where: string, words: string): void {
  const line = form.querySelector<HTMLElement>(where);
  if (!line) return;
  line.textContent = words;
  line.hidden = !words;
}

// Sending forms to the server from the labeler's page.

/** The server understood and said no, in its words. */
export class Refused extends Error {
  override name = "Refused";
}

/**
 * Posts a form. Who was signed out is told so and loses nothing: the page stays, and after they signed in in another
 * tab the same form is taken again.
 */
export async function post(url: string, body: FormData, options: RequestInit = {}): Promise<Response> {
  let response = await send(url, body, options);
  if (response.status === 400 && renewToken(await page(response.clone()))) {
    body.set("csrf_token", field()?.value ?? "");
    response = await send(url, body, options);
  }
  showSignedOut(response.status === 401);
  if (response.status === 401) throw new Refused("Not sent: you are signed out.");
  return response;
}

/** What came back, as a page to look into. */
export async function page(response: Response): Promise<Document> {
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function send(url: string, body: FormData, options: RequestInit): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { "X-Part": "desk" }, ...options });
}

/** A new session has another token, which its refusal of the old one brings. Only the same person goes on with it. */
function renewToken(refusal: Document): boolean {
  const token = refusal.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;
  if (!token || refusal.body.dataset.person !== document.body.dataset.person) return false;
  for (const one of document.querySelectorAll<HTMLInputElement>("[name=csrf_token]")) one.value = token;
  return true;
}

function field(): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>("#scorecard [name=csrf_token]");
}

function showSignedOut(isOut: boolean): void {
  const notice = document.querySelector<HTMLElement>("[data-signed-out]");
  if (notice) notice.hidden = !isOut;
}

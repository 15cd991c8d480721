// Sending forms to the server from the labeler's page.

/** The server understood and said no: somebody else has the call, or the form is damaged. */
export class Refused extends Error {
  override name = "Refused";
}

/** Posts a form and answers with the response's text; 409 and other refusals are an error with the server's words. */
export async function post(url: string, body: FormData, options: RequestInit = {}): Promise<Response> {
  const headers = { "X-Part": "desk" };
  const response = await fetch(url, { method: "POST", body, headers, ...options });
  if (response.status === 401) throw new Refused("You are signed out. Sign in in another tab, then try again.");
  return response;
}

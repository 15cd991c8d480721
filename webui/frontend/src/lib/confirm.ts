// A question before what cannot be undone: <form data-confirm="Delete it? It does not come back.">.

/** Holds the form back and asks; the answer yes sends it as the same button would have. */
export function askFirst(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  const question = form.dataset.confirm;
  if (!question || form.dataset.answered) return;
  event.preventDefault();
  const button = event.submitter as HTMLButtonElement | null;
  const dialog = questionDialog(question, button?.textContent?.trim() || "Yes");
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "yes") return button?.focus();
    form.dataset.answered = "yes";
    form.requestSubmit(button);
  });
  document.body.append(dialog);
  dialog.showModal();
}

function questionDialog(question: string, verb: string): HTMLDialogElement {
  const end = question.indexOf("?") + 1;
  const dialog = document.createElement("dialog");
  dialog.className = "asks";
  dialog.setAttribute("aria-labelledby", "question");
  dialog.append(element("h2", question.slice(0, end || undefined), "question"));
  if (end && end < question.length) dialog.append(element("p", question.slice(end).trim()));
  dialog.append(answers(verb));
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // not for the player behind it
  return dialog;
}

function answers(verb: string): HTMLFormElement {
  const form = document.createElement("form");
  form.method = "dialog";
  form.className = "row";
  const [no, yes] = [element("button", "Cancel"), element("button", verb)];
  no.autofocus = true;
  yes.value = "yes";
  yes.className = "danger";
  form.append(no, yes);
  return form;
}

function element<Tag extends "h2" | "p" | "button">(tag: Tag, text: string, id = ""): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.textContent = text;
  if (id) made.id = id;
  return made;
}

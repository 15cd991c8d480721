// Short messages that go away by themselves; screen readers hear them.

/** Shows `message` for four seconds. */
export function toast(message: string): void {
  const line = document.createElement("p");
  line.textContent = message;
  document.getElementById("toasts")?.append(line);
  setTimeout(() => line.remove(), 4000);
}

// One call on the desk: sound, transcript, scorecard, lease and draft wired together.
import { mountPlayer, type Player } from "../lib/player";
import { clock, localTimes } from "../lib/times";
import { toast } from "../lib/toast";
import { wireDialogs } from "./dialogs";
import { Draft } from "./draft";
import { Heard } from "./heard";
import { bindDeskKeys } from "./keys";
import { Lease } from "./lease";
import { Marks } from "./marks";
import { post } from "./post";
import { Scorecard } from "./scorecard";
import { Stopwatch } from "./stopwatch";
import { type Line, Transcript } from "./transcript";

export class Desk {
  private readonly form: HTMLFormElement;
  private readonly scorecard: Scorecard;
  private readonly transcript: Transcript;
  private readonly marks: Marks;
  private readonly draft: Draft;
  private readonly lease: Lease;
  private readonly heard: Heard;
  private readonly unbind: () => void;
  private readonly stopwatch: Stopwatch;
  private lastStop = 0;
  private sending = false;

  /** Draws the player and takes the desk into use; `swap` puts the next part in its place. */
  static async open(root: HTMLElement, swap: (response: Response) => Promise<void>): Promise<Desk> {
    const player = await mountPlayer(root.querySelector(".desk-player") as HTMLElement);
    return new Desk(root, player, swap);
  }

  private constructor(
    private readonly root: HTMLElement,
    private readonly player: Player,
    private readonly swap: (response: Response) => Promise<void>,
  ) {
    this.form = root.querySelector("#scorecard") as HTMLFormElement;
    this.stopwatch = new Stopwatch(Number(this.field("seconds").value) || 0);
    this.heard = new Heard(player.timeline.duration_ms, JSON.parse(this.field("heard").value || "[]"));
    this.transcript = new Transcript(this.find(".words"), (line) => void this.player.sound.play(line.start ?? 0));
    this.draft = new Draft(this.form, root.dataset.draftUrl ?? "", this.find("[data-saved]"), () => this.fill());
    this.scorecard = new Scorecard(
      this.form,
      (id) => this.nameOf(id),
      () => this.draft.touch(),
    );
    this.marks = new Marks(root, player.sound, this.scorecard, this.transcript);
    this.lease = new Lease(
      this.find("[data-lease]"),
      Number(root.dataset.leaseSeconds),
      root.dataset.heartbeatUrl ?? "",
      this.form,
      (message) => this.say(message),
    );
    player.sound.addEventListener("time", this.follow);
    player.sound.addEventListener("state", this.stopped);
    this.unbind = bindDeskKeys(this.bindings());
    this.wireButtons();
    wireDialogs(root, (form) => void this.send(form));
    this.showHeard();
  }

  close(): void {
    this.player.unmount();
    this.stopwatch.stop();
    this.lease.stop();
    this.draft.stop();
    this.unbind();
  }

  private bindings(): Parameters<typeof bindDeskKeys>[0] {
    const choose = (key: string) => () => this.scorecard.active.choose(key);
    const digits = Array.from({ length: 9 }, (_, index) => [String(index + 1), choose(String(index + 1))]);
    const commands = Object.entries(this.commands()).map(([key, { run }]) => [key, run]);
    return {
      ...Object.fromEntries([...digits, ...commands]),
      p: choose("P"),
      f: choose("F"),
      n: choose("N"),
      Enter: (event) => !onControl(event) && this.transcript.playChosen(),
      Tab: (event) => this.tab(event, 1),
      "Shift+Tab": (event) => this.tab(event, -1),
      Escape: () => this.escape(),
    };
  }

  /** What a key and a button do alike. */
  private commands(): Record<string, { button: string; run: () => void }> {
    return {
      e: { button: "evidence", run: () => this.marks.addTurn() },
      m: { button: "region", run: () => this.marks.region() },
      r: { button: "replay", run: () => this.marks.replay() },
      c: { button: "comment", run: () => this.scorecard.active.writeComment() },
      i: { button: "examples", run: () => this.scorecard.active.toggleExamples() },
      Backspace: { button: "remove", run: () => this.scorecard.active.evidence.removeLast() },
      x: { button: "skip", run: () => this.dialog("#skip-dialog") },
      u: { button: "undo", run: () => this.undo() },
      ArrowUp: { button: "up", run: () => this.transcript.move(-1) },
      ArrowDown: { button: "down", run: () => this.transcript.move(1) },
      z: { button: "back", run: () => this.player.sound.seek(this.lastStop) },
      "?": { button: "keys", run: () => this.dialog("#keys-dialog") },
      "Ctrl+Enter": { button: "submit", run: () => this.submit() },
    };
  }

  private wireButtons(): void {
    const runs = new Map(Object.values(this.commands()).map(({ button, run }) => [button, run]));
    runs.set("play", () => this.transcript.playChosen());
    this.root.addEventListener("click", (event) => {
      const name = (event.target as Element).closest<HTMLElement>("[data-do]")?.dataset.do;
      const run = name && runs.get(name);
      if (!run) return;
      event.preventDefault();
      run();
    });
    this.form.addEventListener("submit", () => this.fill());
  }

  private readonly follow = (): void => {
    const { sound } = this.player;
    this.heard.at(sound.timeMs, sound.playing);
    this.transcript.at(sound.timeMs, sound.playing);
    this.showHeard();
  };

  private readonly stopped = (): void => {
    const { sound } = this.player;
    if (sound.playing) return;
    this.lastStop = sound.timeMs;
    this.heard.at(sound.timeMs, false);
    this.draft.touch();
  };

  private submit(): void {
    if (this.scorecard.complete()) void this.send(this.form);
  }

  private undo(): void {
    const form = document.querySelector<HTMLFormElement>("#undo-form");
    if (form?.dataset.ready !== undefined) void this.draft.save().then(() => this.send(form));
  }

  /** Sends a form and puts what comes back on the desk. Nothing is lost when it does not arrive. */
  private async send(form: HTMLFormElement): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    this.root.setAttribute("aria-busy", "true");
    this.fill();
    try {
      await this.swap(await post(form.action, new FormData(form)));
    } catch (error) {
      toast(error instanceof Error && error.name === "Refused" ? error.message : "Not sent: no connection. Try again.");
      this.root.removeAttribute("aria-busy");
      this.sending = false;
    }
  }

  /** Fields that no person fills in. */
  private fill(): void {
    this.field("seconds").value = String(this.stopwatch.seconds);
    this.field("heard").value = JSON.stringify(this.heard.ranges);
    this.field("heard_fraction").value = this.heard.fraction.toFixed(3);
  }

  private showHeard(): void {
    const percent = Math.round(this.heard.fraction * 100);
    this.find("[data-heard-shown]").hidden = this.player.sound.isSilent;
    this.find("[data-heard]").textContent = `${percent} %`;
    (this.find("[data-heard-shown] progress") as HTMLProgressElement).value = percent;
  }

  /** Tab goes from question to question; before the first and after the last it moves as in any page. */
  private tab(event: KeyboardEvent, step: number): boolean {
    const target = event.target as Element;
    if (target.closest("[data-criterion]")) return this.scorecard.move(step);
    const idle = target === document.body || target.matches("main, h1") || target.closest(".words");
    return Boolean(idle) && step > 0 && this.scorecard.move(this.scorecard.active.missing ? 0 : 1);
  }

  private escape(): boolean {
    const typing = document.activeElement?.matches("textarea");
    if (typing) this.scorecard.move(0);
    else this.marks.cancel();
    return Boolean(typing);
  }

  private say(message: string): void {
    const notice = this.find("[data-lost]");
    notice.hidden = !message;
    (notice.querySelector("span") as HTMLElement).textContent = message;
  }

  private dialog(selector: string): void {
    (this.find(selector) as HTMLDialogElement).showModal();
  }

  private nameOf(turnId: string): string {
    const line: Line | undefined = this.transcript.line(turnId);
    const words = line?.element.querySelector(".desk-line-text")?.textContent?.trim() ?? turnId;
    const short = words.length > 40 ? `${words.slice(0, 40).trim()}…` : words;
    return line?.start == null ? short : `${clock(line.start / 1000)} ${short}`;
  }

  private field(name: string): HTMLInputElement {
    return this.form.elements.namedItem(name) as HTMLInputElement;
  }

  private find(selector: string): HTMLElement {
    return this.root.querySelector(selector) as HTMLElement;
  }
}

/** Enter presses what has the focus; on a choice it plays, lest it submits. */
function onControl(event: KeyboardEvent): boolean {
  return (event.target as Element).closest("button, a, summary") !== null;
}

/** What every new part of the page needs. */
export function dress(root: HTMLElement): void {
  localTimes(root);
  root.querySelector<HTMLElement>("h1")?.focus();
}

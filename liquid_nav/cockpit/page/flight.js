// Buttons, the state machine, who has the controls and who flies.

import { $, $$, make, toast, write } from "./dom.js";
import { ask, isAsked, stands, withdraw } from "./question.js";

const STATES = ["preflight", "ready", "arming", "armed", "takeoff", "hold", "engaged", "landing", "disarmed", "external", "fault", "disconnected"];
const WORLD = ["reset", "next"];
const SAFE = ["hold", "land"]; // may be ordered whoever has the controls and whatever is being asked
const FORCE_MS = 1000;
const BEAT_MS = 50;

export class Flight {
  constructor(link, sticks) {
    this.link = link;
    this.sticks = sticks;
    this.state = null;
    this.simulated = false;
    this.forcedUntil = 0;
    this.setMode(sessionStorage.getItem("mode") ?? "policy");
    for (const button of $$("[data-order]")) button.onclick = () => this.order(button.dataset.order);
    for (const button of $$("[data-mode]")) button.onclick = () => this.setMode(button.dataset.mode);
    $("#owner-act").onclick = () => link.send({ kind: link.controls === "you" ? "release" : "take" });
    $("#states").append(...STATES.map((name) => make("li", { textContent: name, id: `state-${name}` })));
    link.addEventListener("answer", ({ detail }) => detail.done || toast(detail.text));
    link.addEventListener("refused", ({ detail }) => toast(detail.text));
    setInterval(() => this.beat(), BEAT_MS);
    for (const kind of ["blur", "pagehide"]) addEventListener(kind, () => this.lookAway());
    document.addEventListener("visibilitychange", () => document.hidden && this.lookAway());
  }

  // The page is left: the server holds the vehicle if this page had the controls.
  lookAway() {
    this.sticks.letGo();
    if (this.link.role === "pilot") this.link.send({ kind: "focus" });
  }

  setMode(mode) {
    this.mode = mode;
    sessionStorage.setItem("mode", mode);
    for (const button of $$("[data-mode]")) button.setAttribute("aria-checked", String(button.dataset.mode === mode));
  }

  shortcut(name) {
    if (name !== "mode") this.order(name);
    else if (!stands()) this.setMode(this.mode === "me" ? "policy" : "me");
  }

  // While a question stands only hold and land go through; they answer it with no.
  async order(name) {
    if (stands()) {
      if (!SAFE.includes(name)) return;
      withdraw();
    }
    const asks = isAsked(name) && !(name === "engage" && this.simulated);
    if (asks) {
      this.sticks.letGo(); // while it stands no key flies
      if (!(await ask(name))) return;
    }
    if (name === "engage") this.forcedUntil = performance.now() + FORCE_MS; // the policy must not have the first word
    this.link.order(name, asks);
  }

  beat() {
    const stick = this.sticks.read();
    if (document.hidden || !document.hasFocus()) return;
    const moved = stick.some((value) => value !== 0);
    const mine = this.mode === "me" && (this.link.controls === "you" || performance.now() < this.forcedUntil);
    this.link.send({ kind: "beat", stick: this.link.role === "pilot" && (moved || mine) ? stick : null, sent: performance.now() });
  }

  draw(view) {
    const { link } = this;
    this.simulated = Boolean(view.sim);
    const state = !link.open ? "lost" : view.state ?? "unknown";
    const pill = $("#state"), piloted = view.verdict?.source === "pilot" && state === "engaged";
    pill.dataset.state = state;
    pill.dataset.pilot = String(piloted);
    write(pill, state === "engaged" ? (piloted ? "engaged, pilot flies" : "engaged, policy flies") : state === "lost" ? "no connection" : state);
    const pilot = link.role === "pilot" && link.open;
    for (const button of $$("[data-order]")) {
      const name = button.dataset.order;
      const free = link.controls !== "other" || SAFE.includes(name);
      button.disabled = !pilot || !free || (!WORLD.includes(name) && !view.allowed.includes(name));
    }
    for (const name of WORLD) $(`.orders [data-order=${name}]`).hidden = !view.sim;
    for (const item of $("#states").children) {
      item.classList.toggle("now", item.textContent === state);
    }
    const owner = $("#owner"), act = $("#owner-act");
    owner.dataset.who = pilot ? link.controls : "viewer";
    write($("span", owner), !pilot ? "you may look" : { you: "you have the controls", other: "another page has the controls", free: "the controls are free" }[link.controls]);
    act.hidden = !pilot || link.controls === "free";
    write(act, link.controls === "you" ? "Let go" : "Take over");
    for (const button of $$("[data-mode]")) button.disabled = !pilot;
  }
}

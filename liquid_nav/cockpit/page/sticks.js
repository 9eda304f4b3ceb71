// The pilot's hands: keyboard, gamepad and two sticks on the screen, each giving forward, left, up and turn left.

import { $, $$, clamp, write } from "./dom.js";

const KEYS = {
  KeyW: [0, 1], KeyS: [0, -1], ArrowUp: [0, 1], ArrowDown: [0, -1], KeyA: [1, 1], KeyD: [1, -1],
  KeyR: [2, 1], KeyF: [2, -1], KeyQ: [3, 1], KeyE: [3, -1], ArrowLeft: [3, 1], ArrowRight: [3, -1],
};
const SHORTCUTS = { KeyG: "engage", KeyC: "record", KeyM: "mode" };
const TEXT = "input[type=text]", RANGE = "input[type=range]";
const PAD_BUTTONS = { 0: "engage", 1: "hold", 2: "record", 3: "mode" };
const RISE_S = 0.25; // a key reaches its deflection softly, as a thumb on a stick would
const KEY_SHARE = 0.7; // without Shift
const DEAD_ZONE = 0.12;

export class Sticks {
  // onShortcut is called with hold, engage, record or mode.
  constructor(onShortcut) {
    this.onShortcut = onShortcut;
    this.keys = new Set();
    this.soft = [0, 0, 0, 0];
    this.touch = [0, 0, 0, 0];
    this.pressed = {};
    this.at = performance.now();
    this.source = "";
    addEventListener("keydown", (event) => this.onDown(event));
    addEventListener("keyup", (event) => this.onUp(event));
    addEventListener("blur", () => this.letGo());
    addEventListener("focusin", ({ target }) => target.closest?.(TEXT) && this.letGo());
    $$(".stick").forEach((stick) => this.watch(stick));
  }

  letGo() {
    this.keys.clear();
    this.touch.fill(0);
    this.soft.fill(0);
  }

  onDown(event) {
    const { code, target } = event, writing = target.closest?.(TEXT);
    this.shift = event.shiftKey;
    if (event.metaKey) this.keys.clear(); // while Command is down a Mac does not tell which keys are let go
    if (code === "Escape" || (code === "Space" && !writing)) {
      event.preventDefault();
      writing?.blur();
      if (!event.repeat) this.onShortcut("hold");
      return;
    }
    if (writing || target.closest?.("dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (code in KEYS && !(code.startsWith("Arrow") && target.closest?.(RANGE))) {
      this.keys.add(code);
      event.preventDefault();
    }
    if (code in SHORTCUTS) {
      event.preventDefault();
      if (!event.repeat) this.onShortcut(SHORTCUTS[code]);
    }
  }

  // A key that is let go flies no longer, wherever the focus is by then.
  onUp(event) {
    this.keys.delete(event.code);
    this.shift = event.shiftKey;
    if (event.code === "Space" && event.target.closest?.("button")) event.preventDefault(); // it holds and does not click
  }

  watch(stick) {
    const axes = [Number(stick.dataset.x), Number(stick.dataset.y)];
    const move = (event) => {
      const box = stick.getBoundingClientRect();
      let x = ((event.clientX - box.left) / box.width) * 2 - 1, y = 1 - ((event.clientY - box.top) / box.height) * 2;
      const length = Math.hypot(x, y) / 0.8;
      if (length > 1) [x, y] = [x / length, y / length];
      this.touch[axes[0]] = clamp(-x / 0.8, -1, 1);
      this.touch[axes[1]] = clamp(y / 0.8, -1, 1);
    };
    stick.onpointerdown = (event) => {
      stick.setPointerCapture(event.pointerId);
      move(event);
    };
    stick.onpointermove = (event) => stick.hasPointerCapture(event.pointerId) && move(event);
    stick.onlostpointercapture = () => axes.forEach((axis) => (this.touch[axis] = 0));
  }

  // Returns the deflection now; call it regularly, as keys rise with time and a gamepad has to be asked.
  read() {
    const now = performance.now(), step = (now - this.at) / 1000 / RISE_S;
    this.at = now;
    const wanted = [0, 0, 0, 0];
    for (const code of this.keys) wanted[KEYS[code][0]] += KEYS[code][1] * (this.shift ? 1 : KEY_SHARE);
    this.soft = this.soft.map((value, axis) => {
      const goal = clamp(wanted[axis], -1, 1);
      return goal === 0 ? 0 : clamp(goal, value - step, value + step);
    });
    const pad = this.readPad();
    const sum = this.soft.map((value, axis) => clamp(value + this.touch[axis] + pad[axis], -1, 1));
    this.show(sum);
    return sum;
  }

  readPad() {
    const pad = navigator.getGamepads?.().find((each) => each?.connected && each.axes.length >= 4);
    this.pad = pad?.id;
    if (!pad) return [0, 0, 0, 0];
    for (const [index, name] of Object.entries(PAD_BUTTONS)) {
      const down = Boolean(pad.buttons[index]?.pressed);
      if (down && !this.pressed[index] && document.hasFocus()) this.onShortcut(name);
      this.pressed[index] = down;
    }
    const axis = (index) => {
      const value = pad.axes[index], size = Math.abs(value);
      return size < DEAD_ZONE ? 0 : -Math.sign(value) * ((size - DEAD_ZONE) / (1 - DEAD_ZONE));
    };
    return [axis(3), axis(2), axis(1), axis(0)];
  }

  show(values) {
    for (const stick of $$(".stick")) {
      const x = -values[stick.dataset.x], y = values[stick.dataset.y], nub = stick.firstElementChild;
      nub.style.left = `${50 + 36 * x}%`;
      nub.style.top = `${50 - 36 * y}%`;
      stick.classList.toggle("live", x !== 0 || y !== 0);
    }
    write($("#source"), this.pad ? `gamepad: ${this.pad.split("(")[0].trim().slice(0, 40)}` :
      matchMedia("(pointer: coarse)").matches ? "drag the sticks, or connect a gamepad" : "W A S D, Q E turn, R F climb, Shift faster; or a gamepad");
  }
}

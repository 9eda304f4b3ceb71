// What policy and pilot want, and what is left of it after the safety filter.

import { $, clamp, make, write } from "./dom.js";

const AXES = [["forward", 2.5, "m/s"], ["left", 2.5, "m/s"], ["up", 1.5, "m/s"], ["turn", 1.5, "rad/s"]];
const SOURCES = ["policy", "pilot", "safe"];
const STALE_S = 0.5;

export class Bars {
  constructor() {
    this.rows = AXES.map(([name]) => {
      const bars = SOURCES.map((source) => make("i", { className: source }));
      const tracks = bars.map((bar) => make("div", { className: "track" }, bar));
      const output = make("output");
      $("#bars").append(
        make("div", { className: "axis" }, make("span", { textContent: name }), make("div", { className: "tracks" }, ...tracks), output),
      );
      return { bars, tracks, output };
    });
  }

  draw({ commands, ages }) {
    this.rows.forEach(({ bars, tracks, output }, axis) => {
      const [, full, unit] = AXES[axis];
      SOURCES.forEach((source, index) => {
        const stale = !commands[source] || (ages[source] ?? 0) > STALE_S;
        const value = stale && source === "pilot" ? 0 : commands[source]?.[axis] ?? 0;
        // Left of the vehicle is left on the screen: the bars of the sideways axes grow that way.
        const sign = axis === 1 || axis === 3 ? -1 : 1;
        bars[index].style.transform = `scaleX(${sign * clamp(value / full, -1, 1)})`;
        tracks[index].classList.toggle("stale", stale);
      });
      const flown = commands.safe?.[axis];
      write(output, flown == null ? "" : `${flown.toFixed(2)} ${unit}`);
    });
  }
}

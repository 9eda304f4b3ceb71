// The activity of every neuron over the last ten seconds.

import { $, begin, clamp, colour, FONT } from "./dom.js";

const SPAN_S = 10;
const LAYERS = ["motor", "command", "inter"];
const MOTORS = ["forward", "left", "up", "turn"];

export class Traces {
  constructor() {
    this.canvas = $("#traces");
    this.samples = []; // [time in s, activities]
  }

  clear() {
    this.samples = [];
  }

  // Takes activities at a time in seconds; time may not run backwards.
  add(time, neurons) {
    if (this.samples.length && time < this.samples.at(-1)[0]) this.clear();
    this.samples.push([time, neurons]);
    while (this.samples[0][0] < time - SPAN_S) this.samples.shift();
  }

  draw({ wiring }) {
    const { context, width, height } = begin(this.canvas);
    if (!wiring || !this.samples.length) return;
    const order = LAYERS.flatMap((layer) => wiring.layers[layer].map((neuron, index) => [layer, index, neuron]));
    const left = 72, right = width - 12, top = 4, gap = 7;
    const row = (height - top - 8 - 2 * gap) / order.length;
    const now = this.samples.at(-1)[0];
    context.font = `500 10px ${FONT}`;
    context.textBaseline = "middle";
    let shift = 0;
    order.forEach(([layer, index, neuron], place) => {
      if (index === 0 && place) shift += gap;
      const y = top + shift + (place + 0.5) * row;
      if (layer === "motor" || index === 0) {
        context.fillStyle = layer === "motor" ? colour.soft : colour.faint;
        context.fillText(layer === "motor" ? MOTORS[index] : layer, 12, y);
      }
      context.strokeStyle = colour.line;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(right, y);
      context.stroke();
      context.strokeStyle = layer === "motor" ? colour.policy : layer === "command" ? "#7db4ff" : "#8593a3";
      context.lineWidth = 1.25;
      context.beginPath();
      for (const [time, values] of this.samples) {
        const x = right - ((now - time) / SPAN_S) * (right - left);
        context.lineTo(x, y - clamp(values[neuron] ?? 0, -1.2, 1.2) * row * 0.46);
      }
      context.stroke();
    });
  }
}

// The network as it is wired, every neuron and synapse lit by what it does now.

import { $, begin, clamp, colour, FONT } from "./dom.js";

const COLUMNS = [["inter", 0.2], ["command", 0.52], ["motor", 0.8]];
const MOTORS = ["forward", "left", "up", "turn"];

export class Wiring {
  constructor() {
    this.canvas = $("#wiring");
  }

  draw({ wiring, neurons }) {
    const { context, width, height } = begin(this.canvas);
    if (!wiring) return;
    const places = {};
    const radius = clamp(height / 32, 4.5, 9);
    for (const [layer, share] of COLUMNS) {
      const members = wiring.layers[layer];
      const spread = layer === "motor" ? 0.62 : layer === "command" ? 0.8 : 1;
      members.forEach((neuron, index) => {
        const along = (index + 0.5) / members.length - 0.5;
        // Command neurons talk among themselves: a bow leaves room for those synapses.
        const bow = layer === "command" ? (0.25 - along * along) * 0.36 * width * 0.5 : 0;
        places[neuron] = [share * width - bow + (layer === "command" ? 0.04 * width : 0), height / 2 + along * spread * (height - 22)];
      });
    }
    const activity = (neuron) => neurons?.[neuron] ?? 0;
    for (const [source, target, sign] of wiring.synapses) {
      const strength = Math.min(1, Math.abs(activity(source)));
      const [x0, y0] = places[source], [x1, y1] = places[target];
      context.strokeStyle = sign > 0 ? colour.policy : colour.inhibits;
      context.globalAlpha = 0.1 + 0.75 * strength;
      context.lineWidth = 0.7 + 1.6 * strength;
      context.beginPath();
      if (source === target) {
        context.arc(x0, y0 - 1.6 * radius, 1.1 * radius, 0, 2 * Math.PI);
      } else {
        context.moveTo(x0, y0);
        if (Math.abs(x1 - x0) < 0.12 * width) context.quadraticCurveTo(Math.max(x0, x1) + 0.11 * width, (y0 + y1) / 2, x1, y1);
        else context.bezierCurveTo((x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
    for (const [neuron, [x, y]] of Object.entries(places)) {
      const value = clamp(activity(neuron), -1, 1);
      context.fillStyle = colour.panel;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = 0.12 + 0.88 * Math.abs(value);
      context.fillStyle = value >= 0 ? colour.policy : colour.inhibits;
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = "#71808f";
      context.lineWidth = 1;
      context.stroke();
    }
    this.label(context, wiring, places, radius, width, height);
  }

  label(context, wiring, places, radius, width) {
    context.font = `500 11px ${FONT}`;
    context.fillStyle = colour.soft;
    context.textBaseline = "middle";
    wiring.layers.motor.forEach((neuron, index) => {
      const [x, y] = places[neuron];
      context.fillText(MOTORS[index] ?? "", x + radius + 7, y);
    });
    context.fillStyle = colour.faint;
    context.fillText("inter", 12, 10);
    context.textAlign = "center";
    context.fillText("command", 0.5 * width, 10);
    context.fillText("motor", 0.8 * width, 10);
    context.textAlign = "left";
  }
}

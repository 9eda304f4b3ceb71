// Where the vehicle is and was, where the target is, and where the fence stands. North is up.

import { $, begin, colour, FONT } from "./dom.js";

const LEAST_M = 12;
const STEPS_M = [1, 2, 5, 10, 20, 50, 100, 200];

export class MapView {
  constructor() {
    this.canvas = $("#map");
    this.scale = 0;
    this.centre = null;
  }

  // Chooses centre and scale so that vehicle, target and way are seen, and moves there smoothly.
  frame({ vehicle, target, path }, width, height) {
    const points = path.slice(-600).map(([east, north]) => [east, north]);
    if (vehicle) points.push(vehicle.position);
    if (target) points.push(target);
    if (!points.length) points.push([0, 0]);
    const range = (axis) => [Math.min(...points.map((p) => p[axis])), Math.max(...points.map((p) => p[axis]))];
    const [west, east] = range(0), [south, north] = range(1);
    const wanted = Math.min((width - 56) / Math.max(LEAST_M, east - west), (height - 56) / Math.max(LEAST_M, north - south));
    const centre = [(west + east) / 2, (south + north) / 2];
    const far = !this.centre || Math.hypot(centre[0] - this.centre[0], centre[1] - this.centre[1]) > 60;
    const ease = far ? 1 : 0.12;
    this.scale += (wanted - this.scale) * (this.scale ? ease : 1);
    this.centre = far ? centre : this.centre.map((value, axis) => value + ease * (centre[axis] - value));
  }

  draw(view) {
    const { context, width, height } = begin(this.canvas);
    this.frame(view, width, height);
    const at = ([east, north]) => [width / 2 + (east - this.centre[0]) * this.scale, height / 2 - (north - this.centre[1]) * this.scale];
    this.grid(context, at, width, height);
    if (view.fence?.length) this.fence(context, at, view.fence);
    this.way(context, view.path, at);
    if (view.target) this.target(context, at(view.target));
    if (view.vehicle) this.vehicle(context, at(view.vehicle.position), view.vehicle.yaw);
  }

  grid(context, at, width, height) {
    const step = STEPS_M.find((metres) => metres * this.scale >= 46) ?? 500;
    context.strokeStyle = "#1d252e";
    context.lineWidth = 1;
    context.beginPath();
    const reach = [width / this.scale / 2 + step, height / this.scale / 2 + step];
    for (let metres = Math.floor((this.centre[0] - reach[0]) / step) * step; metres < this.centre[0] + reach[0]; metres += step) {
      const x = Math.round(at([metres, 0])[0]) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, height);
    }
    for (let metres = Math.floor((this.centre[1] - reach[1]) / step) * step; metres < this.centre[1] + reach[1]; metres += step) {
      const y = Math.round(at([0, metres])[1]) + 0.5;
      context.moveTo(0, y);
      context.lineTo(width, y);
    }
    context.stroke();
    context.strokeStyle = colour.soft;
    context.beginPath();
    context.moveTo(12, height - 16.5);
    context.lineTo(12 + step * this.scale, height - 16.5);
    context.stroke();
    context.fillStyle = colour.soft;
    context.font = `500 11px ${FONT}`;
    context.fillText(`${step} m`, 12, height - 22);
    context.fillText("N ↑", width - 30, height - 12);
  }

  fence(context, at, corners) {
    context.strokeStyle = colour.danger;
    context.globalAlpha = 0.7;
    context.lineWidth = 1.5;
    context.setLineDash([7, 5]);
    context.beginPath();
    corners.forEach((corner) => context.lineTo(...at(corner)));
    context.closePath();
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  // The way so far, in the colour of who flew it.
  way(context, path, at) {
    context.globalAlpha = 0.85;
    context.lineWidth = 2;
    context.lineJoin = "round";
    for (let from = 0; from < path.length - 1; ) {
      const who = path[from + 1][2];
      let to = from + 1;
      while (to + 1 < path.length && path[to + 1][2] === who) to++;
      context.strokeStyle = who ? colour.pilot : colour.policy;
      context.beginPath();
      for (let index = from; index <= to; index++) context.lineTo(...at(path[index]));
      context.stroke();
      from = to;
    }
    context.globalAlpha = 1;
  }

  target(context, [x, y]) {
    context.fillStyle = colour.danger;
    context.beginPath();
    context.arc(x, y, 5, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = colour.danger;
    context.globalAlpha = 0.4;
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
  }

  vehicle(context, [x, y], yaw) {
    context.save();
    context.translate(x, y);
    context.rotate(-yaw);
    context.fillStyle = "rgb(232 237 244 / 0.1)"; // what the camera sees
    context.beginPath();
    context.moveTo(0, 0);
    context.arc(0, 0, 46, -0.7, 0.7);
    context.fill();
    context.fillStyle = colour.ink;
    context.beginPath();
    context.moveTo(10, 0);
    context.lineTo(-7, 6.5);
    context.lineTo(-3.5, 0);
    context.lineTo(-7, -6.5);
    context.fill();
    context.restore();
  }
}

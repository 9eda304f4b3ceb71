// The camera's image with the policy's attention glowing over it.

import { $, begin, make, write } from "./dom.js";

const GLOW = [255, 180, 84];
const LOST_MS = 1500;

export class Camera {
  constructor() {
    this.canvas = $("#camera");
    this.slider = $("#overlay");
    this.slider.value = localStorage.getItem("overlay") ?? this.slider.value;
    this.slider.oninput = () => { localStorage.setItem("overlay", this.slider.value); this.draw(); };
    this.slider.onpointerup = () => this.slider.blur(); // the arrows fly again
    this.heat = make("canvas");
    this.image = null;
    this.shownAt = 0;
    this.busy = false;
    this.hud = {};
    for (const name of ["speed", "height", "target"]) {
      this.hud[name] = make("b");
      $("#hud").append(make("div", {}, make("span", { textContent: name }), this.hud[name]));
    }
  }

  // Decodes and draws a JPEG; returns whether it was shown. While one is being decoded others are dropped.
  async show(bytes) {
    if (this.busy) return false;
    this.busy = true;
    try {
      const image = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
      this.image?.close();
      this.image = image;
      this.shownAt = performance.now();
      this.draw();
      return true;
    } catch {
      return false; // a broken image is as good as none
    } finally {
      this.busy = false;
    }
  }

  // Takes an attention map; null for none.
  look(map) {
    this.map = map;
    if (!map) return;
    const { rows, columns, bytes } = map;
    this.heat.width = columns;
    this.heat.height = rows;
    const peak = Math.max(24, ...bytes);
    const pixels = new ImageData(columns, rows);
    bytes.forEach((value, index) => pixels.data.set([...GLOW, Math.min(255, (300 * value) / peak)], 4 * index));
    this.heat.getContext("2d").putImageData(pixels, 0, 0);
  }

  draw() {
    const { context, width, height } = begin(this.canvas);
    $("#no-image").hidden = Boolean(this.image);
    if (!this.image) return;
    const scale = Math.min(width / this.image.width, height / this.image.height);
    const w = this.image.width * scale, h = this.image.height * scale, x = (width - w) / 2, y = (height - h) / 2;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.image, x, y, w, h);
    const strength = this.slider.value / 100;
    if (this.map && strength > 0) {
      context.fillStyle = `rgb(8 11 15 / ${0.3 * strength})`;
      context.fillRect(x, y, w, h);
      context.globalAlpha = strength;
      context.drawImage(this.heat, x, y, w, h);
      context.globalAlpha = 1;
    }
  }

  // Writes speed, height and distance over the image, and says when the image is old.
  tell(view, live) {
    const { vehicle, target } = view;
    if (vehicle) {
      write(this.hud.speed, `${Math.hypot(...vehicle.velocity).toFixed(1)} m/s`);
      write(this.hud.height, `${vehicle.position[2].toFixed(1)} m`);
    }
    const apart = vehicle && target ? Math.hypot(...target.map((value, axis) => value - vehicle.position[axis])) : NaN;
    this.hud.target.parentElement.hidden = !Number.isFinite(apart);
    write(this.hud.target, `${apart.toFixed(1)} m`);
    const old = live && performance.now() - this.shownAt > LOST_MS;
    if (old && this.image && !view.sim?.done) {
      write($("#no-image"), "the camera is silent");
      $("#no-image").hidden = false;
    }
    this.canvas.style.opacity = old ? 0.35 : 1;
  }
}

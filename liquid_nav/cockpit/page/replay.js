// An episode played in the place of the live view.

import { $, clock, toast, write } from "./dom.js";

const RATES = [1, 2, 4, 0.5];
const AHEAD = 6; // images fetched before they are needed

export class Replay {
  // onMoment is called with the view of a moment, its JPEG and its time; onClose at the end.
  constructor(onMoment, onClose) {
    this.onMoment = onMoment;
    this.onClose = onClose;
    this.episode = null;
    this.cache = new Map();
    $("#player-close").onclick = () => this.close();
    $("#player-play").onclick = () => this.play(!this.playing);
    $("#player-rate").onclick = () => {
      this.rate = RATES[(RATES.indexOf(this.rate) + 1) % RATES.length];
      write($("#player-rate"), `${this.rate}×`);
    };
    $("#player-time").oninput = ({ target }) => { this.time = Number(target.value); this.show(); };
    setInterval(() => this.tick(), 25);
  }

  get active() {
    return this.episode !== null;
  }

  async open(name) {
    const response = await fetch(`/episodes/${encodeURIComponent(name)}/timeline`);
    if (!response.ok) return toast(await response.text());
    this.episode = await response.json();
    this.cache.clear();
    this.index = -1;
    this.time = 0;
    this.rate = 1;
    this.at = performance.now();
    $("#player-time").max = this.episode.stamps.at(-1) ?? 0;
    $("#player-time").step = 0.01;
    write($("#player-rate"), "1×");
    $("#player").hidden = false;
    document.body.classList.add("replaying");
    this.play(true);
    this.show();
  }

  play(on) {
    this.playing = on;
    if (on && this.episode && this.time >= this.episode.seconds - 0.01) this.time = 0;
    this.at = performance.now();
    $("#player-play").classList.toggle("playing", on);
  }

  close() {
    if (!this.active) return;
    this.episode = null;
    this.cache.clear();
    $("#player").hidden = true;
    document.body.classList.remove("replaying");
    this.onClose();
  }

  tick() {
    if (!this.active || !this.playing) return;
    const now = performance.now();
    this.time += (this.rate * (now - this.at)) / 1000;
    this.at = now;
    if (this.time >= this.episode.seconds) {
      this.time = this.episode.seconds;
      this.play(false);
    }
    this.show();
  }

  image(index) {
    if (!this.cache.has(index)) {
      const address = `/episodes/${encodeURIComponent(this.episode.name)}/images/${index}`;
      this.cache.set(index, fetch(address).then((response) => response.arrayBuffer()));
      if (this.cache.size > 60) this.cache.delete(this.cache.keys().next().value);
    }
    return this.cache.get(index);
  }

  async show() {
    const { stamps, moments } = this.episode;
    let index = stamps.findLastIndex((stamp) => stamp <= this.time + 1e-3);
    index = Math.max(0, index);
    $("#player-time").value = this.time;
    write($("#player-clock"), `${clock(this.time)} of ${clock(this.episode.seconds)}`);
    if (index === this.index || !stamps.length) return;
    this.index = index;
    for (let next = index; next < Math.min(stamps.length, index + AHEAD); next++) this.image(next);
    const episode = this.episode, bytes = await this.image(index);
    if (this.episode === episode && this.index === index) this.onMoment(moments[index], bytes, stamps[index], episode.path);
  }
}

// The recorded episodes as a strip of pictures.

import { $, clock, make } from "./dom.js";

export class Episodes {
  // onChoose is called with the name of an episode.
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.known = "";
    this.list = $("#episodes");
    this.playing = null;
  }

  async refresh() {
    const response = await fetch("/episodes");
    const episodes = response.ok ? await response.json() : [];
    clearTimeout(this.again);
    if (episodes.some(({ findings }) => findings === null)) this.again = setTimeout(() => this.refresh(), 1500);
    const known = JSON.stringify(episodes);
    if (known === this.known) return;
    this.known = known;
    this.list.replaceChildren(...episodes.map((episode) => this.card(episode)));
    if (!episodes.length) this.list.append(make("p", { textContent: "No episodes yet: fly, press Record, and they appear here." }));
    this.mark(this.playing);
  }

  card({ name, seconds, findings, images, notes, megabytes, at }) {
    const good = findings?.length === 0;
    const flags = good ? ["good"] : (findings ?? []).map((finding) => finding.name.replaceAll("_", " "));
    const flagged = make("u", {}, ...flags.map((flag) => make("em", { textContent: flag, className: good ? "good" : "" })));
    const time = new Date(1000 * at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    const picture = make("img", { src: `/episodes/${encodeURIComponent(name)}/thumbnail?${at}`, alt: "", loading: "lazy" });
    picture.onerror = () => picture.remove();
    const button = make("button", { type: "button", className: "episode", title: [name, `${images} images, ${megabytes} MB`, notes, ...(findings ?? []).map(({ text }) => text)].filter(Boolean).join("\n") },
      picture, flagged, make("div", {}, make("b", { textContent: clock(seconds) }), make("span", { textContent: time })));
    button.dataset.name = name;
    button.onclick = () => this.onChoose(name);
    return make("li", {}, button);
  }

  mark(name) {
    this.playing = name;
    for (const button of this.list.querySelectorAll(".episode")) button.classList.toggle("playing", button.dataset.name === name);
  }
}

// The recorded episodes as a strip of pictures.

import { $, clock, make, write } from "./dom.js";

const NO_FOLDER = 404;
const AGAIN_MS = 1500;

export class Episodes {
  // onChoose is called with the name of an episode.
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.known = "";
    this.list = $("#episodes");
    this.playing = null;
    this.trouble = make("p", { hidden: true, role: "status" });
    this.list.before(this.trouble);
  }

  async refresh() {
    const episodes = await this.read();
    this.trouble.hidden = Boolean(episodes);
    if (!episodes) return;
    if (episodes.some(({ findings }) => findings === null)) this.refreshLater();
    const known = JSON.stringify(episodes);
    if (known === this.known) return;
    this.known = known;
    this.list.replaceChildren(...episodes.map((episode) => this.card(episode)));
    if (!episodes.length) this.list.append(make("p", { textContent: "No episodes yet: fly, press Record, and they appear here." }));
    this.mark(this.playing);
  }

  refreshLater() {
    this.again = setTimeout(() => this.refresh(), AGAIN_MS);
  }

  // Returns the list; null when it cannot be had, with the reason beside what is shown already.
  async read() {
    const response = await fetch("/episodes").catch(() => null);
    const episodes = response?.ok ? await response.json().catch(() => null) : null;
    clearTimeout(this.again);
    if (episodes) return episodes;
    if (response?.status === NO_FOLDER) {
      write(this.trouble, "This cockpit has no folder of episodes.");
    } else {
      write(this.trouble, `The list of episodes could not be read: ${response ? `answer ${response.status}` : "no answer"}.`);
      this.refreshLater();
    }
    return null;
  }

  card({ name, seconds, findings, images, notes, megabytes, at }) {
    const good = findings?.length === 0;
    const flags = good ? ["good"] : (findings ?? []).map((finding) => finding.name);
    const flagged = make("u", {}, ...flags.map((flag) => make("em", { textContent: flag.replaceAll("_", " "), className: flag })));
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

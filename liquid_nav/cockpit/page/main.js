// Puts the parts together: what comes from the server becomes a view, and every part draws that view.

import { Bars } from "./bars.js";
import { Camera } from "./camera.js";
import { $, clock, make, write } from "./dom.js";
import { Episodes } from "./episodes.js";
import { Flight } from "./flight.js";
import { Link } from "./link.js";
import { MapView } from "./map.js";
import { Recording } from "./recording.js";
import { Replay } from "./replay.js";
import { Sticks } from "./sticks.js";
import { Traces } from "./traces.js";
import { extend } from "./way.js";
import { Wiring } from "./wiring.js";

const NODE_GONE_S = 3;

const live = { commands: {}, ages: {}, nodes: {}, allowed: [], path: [], vehicle: null, target: null, state: null };
const link = new Link();
const sticks = new Sticks((name) => (name === "record" ? recording.toggle() : flight.shortcut(name)));
const flight = new Flight(link, sticks);
const recording = new Recording(link, flight);
const camera = new Camera(), bars = new Bars(), traces = new Traces(), wiring = new Wiring(), map = new MapView();
const episodes = new Episodes((name) => {
  flight.lookAway(); // whoever watches the past does not watch the vehicle
  replay.open(name).then(() => replay.active && episodes.mark(name));
  traces.clear();
});
let past = null, turn = 0, scheduled = false;
const replay = new Replay(
  (moment, bytes, time, path) => {
    past = { ...live, ...moment, path, battery: live.battery, ages: {} };
    const seen = moment.attention;
    camera.look(seen ? { ...seen, bytes: Uint8Array.from(atob(seen.cells), (letter) => letter.charCodeAt(0)) } : null);
    camera.show(bytes);
    if (moment.neurons) traces.add(time, moment.neurons);
    redraw();
  },
  () => {
    past = null;
    episodes.mark(null);
    traces.clear();
    redraw();
  },
);

link.addEventListener("image", async ({ detail }) => {
  if (!past) await camera.show(detail.bytes);
  link.send({ kind: "seen", number: detail.number });
});
link.addEventListener("attention", ({ detail }) => past || camera.look(detail));
link.addEventListener("hello", () => episodes.refresh());
link.addEventListener("answer", ({ detail }) => detail.done && episodes.refresh());
link.addEventListener("facts", ({ detail }) => Object.assign(live, { fence: detail.fence, wiring: detail.wiring }));
link.addEventListener("path", ({ detail }) => { live.path = detail.points; traces.clear(); });
link.addEventListener("closed", ({ detail }) => {
  if (detail.refused) write($("#no-image"), "open the address with the token that the cockpit has printed");
  redraw();
});
link.addEventListener("state", ({ detail }) => {
  const { values } = detail;
  Object.assign(live, {
    commands: detail.commands, ages: detail.ages, nodes: detail.nodes, allowed: detail.allowed, state: values.flight_state ?? null,
    verdict: values.verdict, vehicle: values.vehicle ?? null, target: values.target ?? null, battery: values.battery,
    sim: values.sim, bridge: values.link, recording: values.recording, neurons: values.neurons,
  });
  if (live.vehicle) extend(live.path, live.vehicle.position, live.verdict?.source === "pilot" && live.state === "engaged");
  if (live.neurons && !past) traces.add(performance.now() / 1000, live.neurons);
  redraw();
});
link.addEventListener("events", ({ detail }) => {
  for (const { at, level, text } of detail.events) {
    const time = new Date(1000 * at).toLocaleTimeString([], { hour12: false });
    $("#events").prepend(make("li", { className: level }, make("time", { textContent: time }), make("span", { textContent: text.replace(/\/\S*\//g, "") })));
  }
  while ($("#events").children.length > 60) $("#events").lastChild.remove();
});

function gauge(name, text, level = "") {
  const box = $(`#gauge-${name}`);
  write($("b", box), text);
  box.className = `gauge ${level}`;
}

function drawHeader(view) {
  const { verdict, battery, sim } = view;
  $("#verdict").dataset.action = verdict?.action ?? "";
  write($("#verdict b"), verdict ? (verdict.action === "pass" ? "safe" : `${verdict.action}: ${verdict.rule.replaceAll("_", " ")}`) : "");
  write($("#verdict span"), verdict?.reason ?? "");
  const percent = battery?.percent;
  $("#gauge-battery").hidden = Boolean(sim) && percent == null;
  gauge("battery", percent != null ? `${percent.toFixed(0)}%` : "unknown", percent == null ? "" : percent < 20 ? "bad" : percent < 35 ? "warn" : "");
  gauge("video", link.delay ? `${link.delay.toFixed(0)} ms` : "", link.delay > 200 ? "warn" : "");
  gauge("link", link.open ? `${link.roundTrip.toFixed(0)} ms` : "lost", !link.open ? "bad" : link.roundTrip > 150 ? "warn" : "");
  $("#gauge-mission").hidden = !sim;
  if (sim) {
    write($("#gauge-mission span"), `${sim.world} ${sim.seed}`);
    gauge("mission", clock(sim.time_s));
  }
  const names = Object.keys(view.nodes).sort();
  if ($("#nodes").dataset.names !== names.join()) {
    $("#nodes").dataset.names = names.join();
    $("#nodes").replaceChildren(...names.map(() => make("i")));
  }
  names.forEach((name, index) => {
    const dot = $("#nodes").children[index], gone = view.nodes[name] > NODE_GONE_S;
    dot.className = gone ? "gone" : "";
    dot.title = `${name}: ${gone ? `silent for ${view.nodes[name].toFixed(0)} s` : "alive"}`;
    dot.setAttribute("role", "img");
    dot.setAttribute("aria-label", dot.title);
  });
}

// Says how a simulated flight has ended.
function drawEnd(sim) {
  $("#ended").hidden = !sim?.done;
  if (!sim?.done) return;
  $("#ended").classList.toggle("good", sim.success);
  write($("#ended b"), sim.success ? "Reached" : sim.collision ? "Crashed" : "Over");
  write($("#ended span"), sim.reason);
}

// Draws once, at the next frame, however much has changed until then.
function redraw() {
  if (!scheduled) requestAnimationFrame(draw);
  scheduled = true;
}

function draw() {
  scheduled = false;
  const view = past ?? live;
  drawHeader(live);
  flight.draw(live);
  recording.draw(live);
  bars.draw(view);
  turn = (turn + 1) % 3; // one of the costly drawings at a time: a small machine has pilots, too
  if (turn === 0 || past) traces.draw(view);
  if (turn === 1 || past) wiring.draw(view);
  if (turn === 2 || past) map.draw(view);
  camera.tell(view, !past);
  drawEnd(past ? null : live.sim);
}

addEventListener("resize", () => {
  camera.draw();
  redraw();
});
redraw();

// Record, stop, discard, note.

import { $, clock, toast, write } from "./dom.js";

export class Recording {
  constructor(link, flight) {
    this.link = link;
    this.flight = flight;
    $("#record").onclick = () => this.toggle();
    $("#discard").onclick = () => flight.order("discard");
    $("#note").onsubmit = (event) => {
      event.preventDefault();
      const field = $("input", event.target), text = field.value.trim();
      if (text) link.send({ kind: "note", text });
      field.value = "";
      field.blur(); // the keys fly again
    };
  }

  toggle() {
    if ($("#record").disabled) return toast("nothing can be recorded yet: the recorder has not been heard, or this page may only look");
    this.flight.order(this.on ? "stop" : "record");
  }

  draw({ recording }) {
    const pilot = this.link.role === "pilot";
    this.on = Boolean(recording?.recording);
    $("#record").classList.toggle("on", this.on);
    $("#record").disabled = !pilot || !recording;
    $("#discard").disabled = !pilot || !this.on;
    for (const part of $("#note").elements) part.disabled = !pilot || !this.on;
    write($("#record b"), this.on ? "Stop" : "Record");
    write($("#recorded"), recording?.problem ? "stopped" : this.on ? clock(recording.seconds) : "");
    $("#recorded").title = recording?.problem || (recording?.bytes ? `${(recording.bytes / 1e6).toFixed(1)} MB` : "");
  }
}

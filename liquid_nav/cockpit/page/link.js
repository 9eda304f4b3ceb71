// The socket to the cockpit's server. It comes back by itself; what it brings is handed to listeners.

const IMAGE = 1, ATTENTION = 2, HEADER = 16, REFUSED = 4401;
const RETRY_MS = 800;

export class Link extends EventTarget {
  constructor() {
    super();
    this.role = "nobody";
    this.controls = "free";
    this.delay = 0; // of an image from the server to the screen and back, ms
    this.roundTrip = 0; // ms
    this.echo = null; // the latest time of this page that came back
    this.orders = 0;
    this.connect();
  }

  get open() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/socket`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => (typeof data === "string" ? this.takeText(JSON.parse(data)) : this.takePicture(data));
    this.socket.onclose = ({ code }) => {
      this.role = "nobody";
      this.controls = "free";
      this.say("closed", { refused: code === REFUSED });
      if (code !== REFUSED) setTimeout(() => this.connect(), RETRY_MS);
    };
  }

  say(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  takeText(message) {
    if (message.kind === "hello") this.role = message.role;
    if (message.kind === "state") {
      this.send({ kind: "seen", state: true, number: message.number });
      this.controls = message.controls;
      this.delay = message.delay_ms;
      this.takeEcho(message.echo);
    }
    this.say(message.kind, message);
  }

  // Takes the time of a beat that came back; a state that brings none, or one that is known, tells nothing of the way.
  takeEcho(echo) {
    if (!echo || echo === this.echo) return;
    this.echo = echo;
    this.roundTrip += 0.1 * (performance.now() - echo - this.roundTrip);
  }

  takePicture(data) {
    const head = new DataView(data);
    const picture = {
      rows: head.getUint8(1), columns: head.getUint16(2, true), number: head.getUint32(4, true),
      stamp: head.getFloat64(8, true), bytes: new Uint8Array(data, HEADER),
    };
    this.say(head.getUint8(0) === IMAGE ? "image" : "attention", picture);
  }

  send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }

  order(name, confirmed = false) {
    this.orders += 1;
    this.send({ kind: "order", name, number: this.orders, confirmed });
  }
}

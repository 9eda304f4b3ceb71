// Asks the pilot before what is dangerous, one question at a time; the page goes on beating while it stands.

import { $, write } from "./dom.js";

const QUESTIONS = {
  arm: ["Arm the motors?", "The propellers will turn. Is everybody away from them?", "Arm"],
  takeoff: ["Take off?", "The vehicle climbs to its take-off height. Is the air above it free?", "Take off"],
  engage: ["Let it fly?", "The vehicle will follow the policy, or you. Is the pilot with the switch ready?", "Engage"],
  disarm: ["Stop the motors?", "In the air the vehicle would fall; the autopilot refuses it there if it can.", "Disarm"],
  discard: ["Discard the recording?", "What has been recorded since its start is deleted.", "Discard"],
};
const dialog = $("#confirm");
let answer = null; // takes the answer to the question that stands

dialog.addEventListener("close", () => {
  answer?.(dialog.returnValue === "yes");
  answer = null;
});

export const isAsked = (name) => name in QUESTIONS;
export const stands = () => answer !== null;

// Resolves to whether the pilot says yes; at once to no while another question stands.
export function ask(name) {
  if (stands()) return Promise.resolve(false);
  const [title, text, verb] = QUESTIONS[name];
  write($("h2", dialog), title);
  write($("p", dialog), text);
  write($(".danger", dialog), verb);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => (answer = resolve));
}

// Answers the question that stands with no.
export function withdraw() {
  dialog.returnValue = "no";
  dialog.close();
}

// Small helpers that every part of the page uses.

export const $ = (selector, within = document) => within.querySelector(selector);
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

const style = getComputedStyle(document.documentElement);
export const colour = Object.fromEntries(
  ["ground", "panel", "line", "ink", "soft", "faint", "policy", "pilot", "safe", "inhibits", "danger"].map((name) => [
    name,
    style.getPropertyValue(`--${name}`).trim(),
  ]),
);
export const FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', system-ui, sans-serif";

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Sets a text only when it differs, so that the browser has nothing to lay out again.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Returns a canvas' context in CSS pixels with its size; the pixels behind it follow the screen's density.
export function begin(canvas) {
  const density = Math.min(window.devicePixelRatio || 1, 2);
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
  }
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

let hiding = 0;
export function toast(text) {
  const box = $("#toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (box.hidden = true), 4500);
}

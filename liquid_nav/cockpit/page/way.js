// The way of the vehicle so far: (east, north, 1 where the pilot flew or 0).

const STEP_M = 0.15;
const MOST = 20000; // points, 3 km at least: a page may stay open for days

// Adds a place in metres once it is a step away from the last; beyond 3 km the oldest is forgotten.
export function extend(way, [east, north], piloted) {
  const last = way.at(-1);
  if (last && Math.hypot(east - last[0], north - last[1]) < STEP_M) return;
  way.push([east, north, Number(piloted)]);
  if (way.length > MOST) way.shift();
}

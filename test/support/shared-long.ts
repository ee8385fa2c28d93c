import type { Rig } from './shared-rig.js';

/** Calls `body` from an event of the present instant, once per call of the function returned. */
export function poster(rig: Rig, body: () => void): () => void {
  const target = rig.sim.attach({ handle: body });
  return () => rig.sim.post(target, 0, 0, 0);
}

/** Lets `ns` pass, weak timers included. */
export function pass(rig: Rig, ns: number): void {
  rig.sim.schedule(ns, rig.sim.attach({ handle: () => undefined }), 0, 0, 0);
  rig.sim.drain(Number.POSITIVE_INFINITY);
}

/** What a storm of device 0 did to the others. */
export interface Storm {
  /** Most interrupts of the line between an event of another device and its handling. */
  longest: number;
  handled: number;
  interrupts: number;
}

/**
 * Device 0 has a new event as soon as it is served, `rounds` times; every tenth round one of the others has one. How long do
 * they wait?
 */
export function storm(rig: Rig, rounds: number): Storm {
  const [first, ...others] = rig.devices;
  const out: Storm = { longest: 0, handled: 0, interrupts: 0 };
  const since = new Map<number, number>();
  let round = 0;
  const again = poster(rig, () => first.raise());
  rig.sharers[0].between = () => {
    if (++round > rounds) return;
    again();
    if (round % 10 !== 0) return;
    const who = 1 + ((round / 10) % others.length);
    if (since.has(who)) return;
    since.set(who, rig.interrupts());
    rig.devices[who].raise();
  };
  for (let i = 1; i < rig.devices.length; i++) {
    const d = rig.sharers[i];
    const inner = d.handled.bind(d);
    d.handled = (event) => {
      inner(event);
      out.longest = Math.max(out.longest, rig.interrupts() - (since.get(i) ?? 0));
      out.handled++;
      since.delete(i);
    };
  }
  first.raise();
  rig.sim.drain(Number.POSITIVE_INFINITY);
  out.interrupts = rig.interrupts();
  return out;
}

/** Device 0 asks for ever and nobody knows it; device 1 has an event in every thousandth interrupt, `served` times. */
export function stuck(rig: Rig, served: number, calls: number): void {
  let fed = 0;
  const d = rig.sharers[0];
  d.between = () => {
    if (d.calls >= calls) {
      rig.devices[0].stuck = false;
      rig.devices[0].update(true);
    }
    if (d.calls % 900 === 0 && fed < served) {
      fed++;
      rig.devices[1].raise();
    }
  };
  rig.devices[0].stuck = true;
  rig.devices[0].update(true);
  rig.sim.drain(Number.POSITIVE_INFINITY);
}

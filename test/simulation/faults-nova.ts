/** Nova that is down, slow, stalls, refuses, or loses calls and answers. */
import type { EvacuateMode, OrderMode } from "../support/world-nova-records.ts";
import { byLuck, type FaultKind } from "./fault.ts";
import { startProbe } from "./faults-host.ts";

export const novaFaults: readonly FaultKind[] = [
  {
    name: "nova-down",
    weight: 3,
    inject: (scene, { lastsMs }) => {
      scene.world.novaUp = false;
      scene.later(lastsMs, () => void (scene.world.novaUp = true));
      return true;
    },
  },
  {
    name: "nova-slow",
    weight: 1,
    inject: (scene, { lastsMs, luck }) => {
      scene.world.novaAnswerMs = 500 + luck[0] * 8000;
      scene.later(lastsMs, () => void (scene.world.novaAnswerMs = 80));
      return true;
    },
  },
  {
    name: "nova-and-probe-down",
    weight: 2,
    inject: (scene, { host, lastsMs }) => {
      if (!host.probe) return false;
      host.probe = false;
      scene.world.novaUp = false;
      scene.later(lastsMs + 20_000, () => {
        scene.world.novaUp = true;
        startProbe(host);
      });
      return true;
    },
  },
  {
    name: "nova-live-trouble",
    weight: 3,
    inject: (scene, { lastsMs, luck }) => {
      const { live } = scene.world.nova;
      live.mode = byLuck(luck[0], ["fails", "stalls", "refuses", "loses-answer", "loses-call"]);
      live.lastsMs = 1000 + luck[1] * 40_000;
      scene.later(2 * lastsMs, () => live.mend());
      return true;
    },
  },
  {
    name: "nova-scheduler-down",
    weight: 3,
    inject: (scene, { lastsMs }) => {
      const { nova } = scene.world;
      nova.schedulers = { up: 0, total: 1 };
      scene.later(lastsMs + 30_000, () => void (nova.schedulers = { up: 1, total: 1 }));
      return true;
    },
  },
  {
    name: "nova-cell-down",
    weight: 1,
    inject: (scene, { host, other, lastsMs }) => {
      const { unreadable } = scene.world.nova;
      for (const name of [host.name, other.name]) unreadable.add(name);
      scene.later(lastsMs, () => unreadable.clear());
      return true;
    },
  },
  {
    name: "nova-stands-still",
    weight: 4,
    inject: (scene, { lastsMs }) => {
      const { nova } = scene.world;
      nova.standsStill = true;
      scene.later(lastsMs + 20_000, () => void (nova.standsStill = false));
      return true;
    },
  },
  evacuations("nova-stalls", "stalls"),
  evacuations("nova-refuses", "refuses", 10),
  evacuations("nova-loses-call", "loses-call"),
  evacuations("nova-loses-answer", "loses-answer"),
  evacuations("nova-does-it-late", "done-late"),
  evacuations("nova-fails-moves", "fails"),
  orders("nova-refuses-orders", "refuses"),
  orders("nova-loses-orders", "loses-call"),
  orders("nova-loses-answers-to-orders", "loses-answer"),
];

function evacuations(name: string, mode: EvacuateMode, weight = 2): FaultKind {
  return {
    name,
    weight,
    inject: (scene, { lastsMs, luck }) => {
      const { nova } = scene.world;
      nova.evacuateMode = mode;
      nova.doneLateMs = 15_000 + luck[0] * 40_000;
      scene.later(lastsMs + 40_000, () => {
        if (nova.evacuateMode === mode) nova.evacuateMode = "normal";
      });
      return true;
    },
  };
}

function orders(name: string, mode: OrderMode): FaultKind {
  return {
    name,
    weight: 1,
    inject: (scene, { lastsMs }) => {
      const { nova } = scene.world;
      nova.orderMode = mode;
      scene.later(lastsMs, () => {
        if (nova.orderMode === mode) nova.orderMode = "normal";
      });
      return true;
    },
  };
}

/** Ports of a guardian to which nothing answers: its loop runs, and finds nothing. */
import type { GuardianPorts } from "../../guardian/app.ts";
import type { ApiAnswer, Failure, Recording } from "../../guardian/ports.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";

const reason = "not in this test";
const failing = (): Promise<Failure> => Promise.resolve({ kind: "failed", reason });
const unknown = (): Promise<ApiAnswer> => Promise.resolve({ kind: "unknown", reason });
const close = (): Promise<void> => Promise.resolve();

const noRecording: Recording = {
  size: () => ({ bytes: 0, hosts: 0, inputs: 0, fromWallMs: 0, toWallMs: 0 }),
  incidents: () => [],
  startOf: () => undefined,
  after: () => [],
};

export const idlePorts: GuardianPorts = {
  clock: systemClock,
  log: silentLogger,
  journal: {
    epoch: 1,
    lastState: undefined,
    starts: [],
    began: 0,
    append: () => undefined,
    saveState: () => undefined,
    record: () => undefined,
    recording: noRecording,
    close: () => undefined,
  },
  store: { name: "store", read: failing, close },
  liveViews: [],
  alert: () => undefined,
  disarmedFile: "/nonexistent",
  pinger: { name: "none", ping: () => Promise.resolve({ kind: "no-echo" }), close },
  sourceAddresses: {},
  power: new Map(),
  compute: {
    services: failing,
    inventory: failing,
    serversOn: failing,
    server: failing,
    evacuations: failing,
    forceDown: unknown,
    forceUp: unknown,
    liveMigrate: unknown,
    liveMigrations: failing,
    disable: unknown,
    disableEnabled: unknown,
    enable: unknown,
    evacuate: unknown,
    resetToError: unknown,
  },
};

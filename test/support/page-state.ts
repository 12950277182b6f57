/** States of the web page for its tests: a few hosts, and what an attacker would call them. */
import { paths } from "../../guardian/page/needs.ts";
import type {
  Explained,
  HostLine,
  Incident,
  MoveLine,
  Status,
} from "../../guardian/page/records.ts";
import { initialState, type Known, type PageState } from "../../guardian/page/state.ts";

export const status: Status = {
  cloud: "demo",
  mode: "act",
  arming: "armed",
  disarmed: "",
  underWay: [],
  storm: [],
  eyes: [],
  firing: [],
  decidedMsAgo: 200,
};

export function hostLine(host: string, changes: Partial<HostLine> = {}): HostLine {
  return {
    host,
    zone: "nova",
    domains: "rack A, zone nova",
    verdict: "healthy",
    row: "8",
    reports: "fresh",
    storage: "up",
    business: "up",
    directory: "ok",
    libvirt: "up",
    bmc: "on",
    nova: "enabled/up",
    servers: 3,
    maintenance: "",
    incident: "",
    phase: "",
    held: "",
    ...changes,
  };
}

export function explained(host: string, changes: Partial<Explained> = {}): Explained {
  return {
    host,
    verdict: "healthy",
    reportAge: "0.4 s",
    power: "on",
    nova: "enabled/up",
    says: "it reports",
    evidence: ["reports: last 0.4 s ago"],
    gates: ["pass armed: armed", "HOLD storm: 4 in trouble, must be <= 1"],
    next: ["suspect after 3 s"],
    devices: [{ device: "bmc", unverified: "", afterOutage: "not told" }],
    rehearsal: "",
    home: "",
    mode: "act",
    maintenance: "",
    incident: "i1-compute-1",
    ...changes,
  };
}

export function move(name: string, changes: Partial<MoveLine> = {}): MoveLine {
  return {
    server: `id-${name}`,
    name,
    from: "compute-1",
    to: "compute-2",
    stage: "finished",
    attempts: 1,
    requestId: "req-1",
    seconds: "2.0",
    result: "finished",
    reason: "",
    began: "2026-11-22T09:00:00.000Z",
    ...changes,
  };
}

export function incident(id: string, host: string, moves: readonly MoveLine[]): Incident {
  const timeline = [{ wall: 1_780_000_000_000, text: "silent" }];
  return { id, host, phase: "evacuating", answer: "-", timeline, moves };
}

/** Logged in, in a demo, with these answers of the API. */
export function pageState(
  answers: Readonly<Record<string, unknown>> = {},
  changes: Partial<PageState> = {},
): PageState {
  const known = new Map<string, Known>(
    Object.entries(answers).map(([path, value]) => [path, { value, atMs: 0, problem: "" }]),
  );
  return initialState({ token: "gdn_x", heardMs: 0, link: "live", known, ...changes });
}

/** Markup, quotes and an address that runs script, wherever a name stands. */
export const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>`;

/** A page on which every name is hostile. */
export function hostileStates(): readonly PageState[] {
  const english = { language: "en" } as const;
  const line = hostLine(hostile, {
    verdict: hostile,
    bmc: hostile,
    held: hostile,
    domains: `rack ${hostile}`,
  });
  const move1 = move(hostile, { from: hostile, to: hostile, stage: hostile, reason: hostile });
  const row = new Proxy({}, { get: () => hostile });
  const server = { ...line, server: hostile, name: hostile, status: "ACTIVE", address: hostile };
  const answers = {
    [paths.status(english)]: { ...status, cloud: hostile, storm: [hostile], disarmed: hostile },
    [paths.incidents(english)]: [
      { id: hostile, host: hostile, opened: hostile, phase: hostile, answer: hostile, moves: "-" },
    ],
    [paths.hosts]: [line],
    [paths.maintenance(english)]: [row],
    [paths.host(english, hostile)]: explained(hostile, { says: hostile, evidence: [hostile] }),
    [paths.servers(hostile)]: [server],
    [paths.incident(english, hostile)]: incident(hostile, hostile, [move1]),
    [paths.alerts]: [row],
    [paths.silences]: [row],
    [paths.channels]: [row],
    [paths.audit]: [row],
    [paths.settings]: [row],
    [paths.checks(english)]: { share: hostile, findings: [row], devices: [row] },
    [paths.demo]: {
      faults: [{ fault: hostile, targets: [hostile] }],
      broken: [{ fault: hostile, target: hostile, since: hostile }],
    },
  };
  const event = { id: "1-1", kind: "line", data: { at: hostile, host: hostile, text: hostile } };
  const base = {
    isDemo: true,
    events: [event],
    notice: { tone: "bad", text: hostile, link: "" },
  } as const;
  const routes: readonly PageState["route"][] = [
    { kind: "hosts" },
    { kind: "host", host: hostile },
    { kind: "incident", id: hostile },
    ...(["incidents", "maintenance", "alerts", "checks", "audit", "settings"] as const).map(
      (list) => ({ kind: "list", list }) as const,
    ),
  ];
  return routes.map((route) => pageState(answers, { ...base, route }));
}

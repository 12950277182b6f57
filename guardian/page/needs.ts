/** Which answers of the API the page needs to show what it shows, and how fresh: looked at each second, so a lost look is soon made again. */
import type { PageState } from "./state.ts";

export interface Need {
  /** Below /api/v1, with its query. */
  readonly path: string;
  readonly everyMs: number;
  /** Comes in pages: all are taken, up to a bound. */
  readonly isList?: true;
}

/** Samples that the host page draws. */
export const chartMeters = [
  "compute.node.directory.write.latency",
  "compute.node.servers.running",
  "compute.node.network.storage.reachable",
  "compute.node.network.business.reachable",
] as const;

export const paths = {
  status: ({ language }: Spoken) => `status?language=${language}`,
  incidents: ({ language }: Spoken) => `incidents?language=${language}`,
  hosts: "lights",
  maintenance: ({ language }: Spoken) => `maintenance?language=${language}`,
  host: ({ language }: Spoken, host: string) =>
    `hosts/${encodeURIComponent(host)}?language=${language}`,
  servers: (host: string) => `servers?host=${encodeURIComponent(host)}`,
  history: (host: string) => `hosts/${encodeURIComponent(host)}/history`,
  samples: (host: string, meter: string) =>
    `samples?meter=${meter}&resource=${encodeURIComponent(host)}`,
  incident: ({ language }: Spoken, id: string) =>
    `incidents/${encodeURIComponent(id)}?language=${language}`,
  alerts: "alerts",
  silences: "silences",
  channels: "notify",
  audit: "audit?limit=200",
  settings: "settings",
  checks: ({ language }: Spoken) => `doctor?language=${language}`,
  demo: "demo",
} as const;

type Spoken = Pick<PageState, "language">;

/** The first is the most urgent. */
export function needs(state: PageState): readonly Need[] {
  if (state.token === "") return [];
  return [
    { path: paths.status(state), everyMs: 2000 },
    { path: paths.incidents(state), everyMs: 2000, isList: true },
    ...routeNeeds(state),
    ...(state.isDemo ? [{ path: paths.demo, everyMs: 1500 }] : []),
  ];
}

/** Each change of a host comes as an event: the whole list is looked at seldom. */
const hosts: Need = { path: "lights", everyMs: 60_000, isList: true };

function routeNeeds(state: PageState): readonly Need[] {
  const { route } = state;
  switch (route.kind) {
    case "hosts":
      return [hosts];
    case "host":
      return [
        { path: paths.host(state, route.host), everyMs: 1500 },
        hosts,
        { path: paths.servers(route.host), everyMs: 4000, isList: true },
        { path: paths.history(route.host), everyMs: 15_000 },
        ...chartMeters.map((meter) => {
          return { path: paths.samples(route.host, meter), everyMs: 5000, isList: true } as const;
        }),
      ];
    case "incident":
      return [{ path: paths.incident(state, route.id), everyMs: 1500 }];
    case "list":
      return listNeeds(state, route.list);
    default:
      return route satisfies never;
  }
}

function listNeeds(
  state: PageState,
  list: Extract<PageState["route"], { kind: "list" }>["list"],
): readonly Need[] {
  switch (list) {
    case "incidents":
      return [];
    case "maintenance":
      return [{ path: paths.maintenance(state), everyMs: 3000, isList: true }];
    case "alerts":
      return [
        { path: paths.alerts, everyMs: 2000, isList: true },
        { path: paths.silences, everyMs: 3000, isList: true },
        { path: paths.channels, everyMs: 3000, isList: true },
      ];
    case "checks":
      return [{ path: paths.checks(state), everyMs: 5000 }];
    case "audit":
      return [{ path: paths.audit, everyMs: 3000 }];
    case "settings":
      return [{ path: paths.settings, everyMs: 30_000, isList: true }];
    default:
      return list satisfies never;
  }
}

/** An event, or what a person did, makes answers doubtful that are fresh otherwise; not every one of a hundred events. */
const urgentShare = 5;
/** What is looked at more seldom than this does not follow events. */
const followsMs = 15_000;

/** Those whose last answer is too old; with `isUrgent` a fifth of their age is too old. */
export function due(
  state: PageState,
  askedMs: ReadonlyMap<string, number>,
  nowMs: number,
  isUrgent: boolean,
): readonly Need[] {
  return needs(state).filter(({ path, everyMs }) => {
    const asked = askedMs.get(path);
    const ageMsMax = isUrgent && everyMs < followsMs ? everyMs / urgentShare : everyMs;
    return asked === undefined || nowMs - asked >= ageMsMax;
  });
}

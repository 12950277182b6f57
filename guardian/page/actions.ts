/** What people can have done from the page: a path of the API, what is asked of them before, and what is sent. */
import type { PageWord } from "./words.ts";

export interface ActionField {
  readonly name: string;
  readonly label: PageWord;
  readonly value: string;
  readonly required: boolean;
}

export interface Action {
  readonly verb: PageWord;
  /** The host, incident, server or alert that it is about; "" the guardian itself. */
  readonly about: string;
  /** Below /api/v1. */
  readonly path: string;
  /** Asked of the person, beside the reason that every action needs. */
  readonly fields: readonly ActionField[];
  /** Sent as it is; with a reason among it nobody is asked. */
  readonly fixed: Readonly<Record<string, string>>;
  /** What must be typed before it is done: nobody means the wrong one. */
  readonly again: string;
  /** The API wants it typed, too. */
  readonly sendsAgain: boolean;
  /** What it leads to, in one sentence. */
  readonly leadsTo: PageWord | undefined;
}

const plain = { fields: [], fixed: {}, again: "", sendsAgain: false, leadsTo: undefined } as const;

const untilField = { name: "until", label: "until", value: "2h", required: false } as const;
const ownerField = { name: "owner", label: "owner", value: "", required: false } as const;

function pathOf(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join("/");
}

export function arm(cloud: string): Action {
  return { ...plain, verb: "arm", about: cloud, path: "arm", again: cloud, leadsTo: "arm.leads" };
}

export function disarm(cloud: string): Action {
  return { ...plain, verb: "disarm", about: cloud, path: "disarm", leadsTo: "disarm.leads" };
}

/** What may be answered to an incident. */
export function incidentActions(id: string, host: string): readonly Action[] {
  const path = (verb: string): string => pathOf("incidents", id, verb);
  const about = `${id} (${host})`;
  return [
    {
      ...plain,
      verb: "approve",
      about,
      path: path("approve"),
      again: host,
      leadsTo: "approve.leads",
    },
    { ...plain, verb: "hold", about, path: path("hold"), leadsTo: "hold.leads" },
    {
      ...plain,
      verb: "dismiss",
      about,
      path: path("dismiss"),
      again: host,
      leadsTo: "dismiss.leads",
    },
    { ...plain, verb: "ack", about, path: path("ack"), leadsTo: "ack.leads" },
  ];
}

export function setMaintenance(host: string): Action {
  const path = pathOf("maintenance", host);
  const fields = [untilField, ownerField];
  return {
    ...plain,
    verb: "maintenance.set",
    about: host,
    path,
    fields,
    leadsTo: "maintenance.leads",
  };
}

export function endMaintenance(host: string): Action {
  const path = pathOf("maintenance", host, "clear");
  return { ...plain, verb: "maintenance.end", about: host, path, again: host };
}

/** What may be done about a host, in the order of how often it is wanted. */
export function hostActions(host: string, inMaintenance: boolean): readonly Action[] {
  const path = (verb: string): string => pathOf("hosts", host, verb);
  const again = { again: host, sendsAgain: true };
  return [
    inMaintenance ? endMaintenance(host) : setMaintenance(host),
    { ...plain, verb: "release", about: host, path: path("release"), leadsTo: "release.leads" },
    { ...plain, verb: "undo", about: host, path: path("undo"), leadsTo: "undo.leads", again: host },
    {
      ...plain,
      verb: "vouch",
      about: host,
      path: path("vouch"),
      leadsTo: "vouch.leads",
      again: host,
    },
    {
      ...plain,
      verb: "confirm",
      about: host,
      path: path("confirm"),
      leadsTo: "confirm.leads",
      ...again,
    },
    {
      ...plain,
      verb: "rehearse",
      about: host,
      path: path("rehearse"),
      fixed: { cycle: "yes" },
      leadsTo: "rehearse.leads",
      ...again,
    },
  ];
}

const serverVerbs = [
  "start",
  "stop",
  "pause",
  "unpause",
  "suspend",
  "resume",
  "reboot",
  "lock",
  "unlock",
  "live-migrate",
  "console",
] as const;

/** Which of a server's verbs make sense in the state that Nova shows. */
export function serverActions(server: string, name: string, status: string): readonly Action[] {
  const fitting: Readonly<Record<string, readonly string[]>> = {
    ACTIVE: ["stop", "pause", "suspend", "reboot", "live-migrate", "console", "lock", "unlock"],
    SHUTOFF: ["start", "lock", "unlock"],
    PAUSED: ["unpause", "lock", "unlock"],
    SUSPENDED: ["resume", "lock", "unlock"],
  };
  const wanted = fitting[status] ?? ["reboot", "lock", "unlock"];
  return serverVerbs
    .filter((verb) => wanted.includes(verb))
    .map((verb) => ({
      ...plain,
      verb: `server.${verb}` as const,
      about: name,
      path: pathOf("servers", server, verb),
      again: ["stop", "suspend", "reboot"].includes(verb) ? name : "",
      fields:
        verb === "live-migrate"
          ? [{ name: "to", label: "to" as const, value: "", required: false }]
          : [],
    }));
}

export function ackAlert(key: string): Action {
  return {
    ...plain,
    verb: "ack",
    about: key,
    path: pathOf("alerts", key, "ack"),
    leadsTo: "ack.leads",
  };
}

export function addSilence(host: string): Action {
  const fields = [
    { name: "host", label: "host" as const, value: host, required: false },
    { name: "kind", label: "kind" as const, value: "", required: false },
    { name: "class", label: "class" as const, value: "", required: false },
    { name: "domain", label: "domain" as const, value: "", required: false },
    { ...untilField, required: true },
    ownerField,
  ];
  return {
    ...plain,
    verb: "silence",
    about: host,
    path: "silences",
    fields,
    leadsTo: "silence.leads",
  };
}

export function endSilence(id: string): Action {
  return { ...plain, verb: "silence.end", about: id, path: pathOf("silences", id, "end") };
}

/** A limit is changed while the guardian runs; what may not be is refused with the reason. */
export function changeSetting(key: string, value: string): Action {
  const fields = [{ name: key, label: "value" as const, value, required: true }];
  return {
    ...plain,
    verb: "setting.change",
    about: key,
    path: "settings",
    fields,
    leadsTo: "setting.leads",
  };
}

export function resetSetting(key: string): Action {
  const fixed = { [key]: "configured" };
  return { ...plain, verb: "setting.reset", about: key, path: "settings", fixed };
}

export function testChannel(channel: string): Action {
  return { ...plain, verb: "test", about: channel, path: pathOf("notify", channel, "test") };
}

const tried = { reason: "tried out in the demo" };

export function breakIt(fault: string, target: string): Action {
  const fixed = { fault, target, ...tried };
  return { ...plain, verb: "demo.break", about: target, path: "demo/break", fixed };
}

export function mendIt(fault: string, target: string): Action {
  const fixed = { fault, target, ...tried };
  return { ...plain, verb: "demo.mend", about: target, path: "demo/mend", fixed };
}

/** What the API answers, as far as the page shows it. A field that is missing shows as nothing. */
export type Row = Readonly<Record<string, string | number>>;

/** A host in the grid: a line of /lights, and of the event "host". Words alone: it changes when something happens. */
export interface HostLine {
  readonly host: string;
  readonly zone: string;
  /** "rack B7, zone nova". */
  readonly domains: string;
  readonly verdict: string;
  readonly row: string;
  readonly reports: string;
  readonly storage: string;
  readonly business: string;
  readonly directory: string;
  readonly libvirt: string;
  readonly bmc: string;
  readonly nova: string;
  readonly servers: number;
  readonly maintenance: string;
  readonly incident: string;
  readonly phase: string;
  /** Gates that hold an action, by their names. */
  readonly held: string;
}

export interface Status {
  readonly cloud: string;
  readonly mode: "observe" | "ask" | "act";
  readonly arming: "armed" | "disarming" | "disarmed";
  readonly disarmed: string;
  readonly underWay: readonly string[];
  readonly storm: readonly string[];
  readonly eyes: readonly string[];
  readonly firing: readonly { readonly class: string; readonly title: string }[];
  /** More than a few seconds: it answers, and decides nothing. */
  readonly decidedMsAgo: number;
}

export interface Explained {
  readonly host: string;
  readonly verdict: string;
  readonly reportAge: string;
  readonly power: string;
  readonly nova: string;
  readonly row?: string;
  readonly says?: string;
  readonly evidence?: readonly string[];
  readonly gates?: readonly string[];
  readonly next?: readonly string[];
  readonly devices: readonly {
    readonly device: string;
    readonly unverified: string;
    readonly afterOutage: string;
  }[];
  readonly rehearsal: string;
  readonly home: string;
  readonly mode: string;
  readonly maintenance: string;
  readonly incident: string;
}

/** What people had done to a host. */
export interface HostHistory {
  readonly actions: readonly Row[];
}

export interface IncidentLine {
  readonly id: string;
  readonly host: string;
  readonly opened: string;
  readonly phase: string;
  readonly answer: string;
  readonly moves: string;
}

export interface MoveLine {
  readonly server: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly stage: string;
  readonly attempts: number;
  readonly requestId: string;
  readonly seconds: string;
  readonly result: string;
  readonly reason: string;
  /** When its first call was ordered; "" before. */
  readonly began: string;
}

export interface Incident {
  readonly id: string;
  readonly host: string;
  readonly phase: string;
  readonly answer: string;
  readonly timeline: readonly { readonly wall: number; readonly text: string }[];
  readonly moves: readonly MoveLine[];
}

export interface ServerLine {
  readonly server: string;
  readonly name: string;
  readonly host: string;
  readonly status: string;
  readonly power: string;
  readonly task: string;
  readonly locked: string;
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly diskGb: number;
  readonly address: string;
}

export interface SampleLine {
  readonly time: string;
  readonly volume: number;
  readonly unit: string;
}

/** What the demo lets people break, and what is broken now. */
export interface DemoLine {
  readonly faults: readonly { readonly fault: string; readonly targets: readonly string[] }[];
  readonly broken: readonly {
    readonly fault: string;
    readonly target: string;
    readonly since: string;
  }[];
}

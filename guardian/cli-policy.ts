/** The verbs by which people decide: incidents, maintenance, arming. As data; cli.ts makes commands of them. */

import { follow, timeout } from "./cli-incident.ts";
import { textIn } from "./shell/json.ts";
import { cameHome, disarmed, rehearsed, timeoutOption, waitOption, waitUntil } from "./cli-wait.ts";

/** What a verb sends beside its path. */
export type Words = Readonly<Record<string, string>>;

export type VerbOptions = Readonly<Record<string, string | boolean | undefined>>;

export interface PolicyVerb {
  /** The command it stands under; undefined: under none. */
  readonly under: string | undefined;
  readonly usage: string;
  readonly description: string;
  readonly options: readonly {
    readonly flags: string;
    readonly description: string;
    readonly required: boolean;
  }[];
  /** With the first argument, "" where there is none, and those after it. */
  readonly run: (
    argument: string,
    options: VerbOptions,
    further: readonly string[],
  ) => Promise<void>;
}

export interface VerbActions {
  /** Prints what a path shows. */
  readonly show: (path: string) => Promise<void>;
  readonly shown: (path: string) => Promise<unknown>;
  /** Sends words to a path, and prints what came of it. */
  readonly tell: (path: string, words: Words) => Promise<void>;
  /** Throws unless the person types `wanted`. */
  readonly confirm: (wanted: string, what: string) => Promise<void>;
  readonly print: (value: unknown) => void;
  /** Prints a line as it is. */
  readonly say: (text: string) => void;
  /** Says how it goes on while a verb waits. */
  readonly note: (text: string) => void;
}

const api = "/api/v1";
const reason = { flags: "--reason <text>", description: "why", required: true };
const all = { flags: "--all", description: "every silent host", required: false };
const wait = { flags: "--wait", description: "until its moves have ended", required: false };
const yes = { flags: "--yes", description: "do not ask back", required: false };

export function policyVerbs(actions: VerbActions): readonly PolicyVerb[] {
  return [
    ...incidentVerbs(actions),
    ...maintenanceVerbs(actions),
    ...hostVerbs(actions),
    ...fenceVerbs(actions),
    ...armingVerbs(actions),
  ];
}

function incidentVerbs(actions: VerbActions): readonly PolicyVerb[] {
  const { shown, tell, confirm } = actions;
  const hostOf = async (id: string): Promise<string> => {
    const incident = Object(await shown(`${api}/incidents/${at(id)}`));
    return textIn(Reflect.get(incident, "host"));
  };
  const under = "incident";
  return [
    {
      under,
      usage: "approve [id]",
      description: "it may be fenced and evacuated (degraded: disabled); passes storm and rate",
      options: [reason, yes, wait, timeout, all],
      async run(id, options) {
        if (id === "" && options["all"] !== true) throw new Error("name an incident, or say --all");
        const what = "its power is cut and its servers are moved, once every other gate is open";
        if (options["all"] === true) {
          if (options["yes"] !== true) await confirm("all", `every silent host: ${what}`);
          return tell(`${api}/incidents/approve`, wordsOf(options));
        }
        if (options["yes"] !== true) await confirm(await hostOf(id), what);
        await tell(`${api}/incidents/${at(id)}/approve`, wordsOf(options));
        if (options["wait"] === true) await follow({ ...actions, say: actions.note }, id, options);
        return undefined;
      },
    },
    {
      under,
      usage: "hold <id>",
      description:
        "nothing new is done, not even switching it off again, until approved or well again",
      options: [reason],
      run: (id, options) => tell(`${api}/incidents/${at(id)}/hold`, wordsOf(options)),
    },
    {
      under,
      usage: "dismiss <id>",
      description: "not a failure: it is left alone until it reports again",
      options: [reason, yes],
      async run(id, options) {
        const what = "its servers stay down where they are, until it reports again";
        if (options["yes"] !== true) await confirm(await hostOf(id), what);
        return tell(`${api}/incidents/${at(id)}/dismiss`, wordsOf(options));
      },
    },
    {
      under,
      usage: "ack <id>",
      description: 'its pages are not repeated; "guardian": the pages about the guardian itself',
      options: [reason],
      run: (id, options) => tell(`${api}/incidents/${at(id)}/ack`, wordsOf(options)),
    },
  ];
}

function maintenanceVerbs({ show, tell, confirm }: VerbActions): readonly PolicyVerb[] {
  const under = "maintenance";
  return [
    {
      under,
      usage: "set <host>",
      description: "it is never fenced or evacuated; its death is told all the same",
      options: [
        reason,
        {
          flags: "--until <end>",
          description: "2h, 2026-11-22T09:00:00Z, or released",
          required: true,
        },
        {
          flags: "--owner <name>",
          description: "whose it is; by default the caller's",
          required: false,
        },
      ],
      run: (host, options) => tell(`${api}/maintenance/${at(host)}`, wordsOf(options)),
    },
    {
      under,
      usage: "clear <host>",
      description: "it is guarded again, at once: if it is dead it is fenced",
      options: [reason, yes],
      async run(host, options) {
        const what = `${host} is guarded again at once: if it is silent it may be fenced`;
        if (options["yes"] !== true) await confirm(host, what);
        return tell(`${api}/maintenance/${at(host)}/clear`, wordsOf(options));
      },
    },
    {
      under,
      usage: "list",
      description: "hosts in maintenance: why, whose, until when",
      options: [],
      run: () => show(`${api}/maintenance`),
    },
  ];
}

function hostVerbs({ tell, confirm, shown, note }: VerbActions): readonly PolicyVerb[] {
  return [
    {
      under: "host",
      usage: "undo <host>",
      description: "a false alarm: no further move, then it is switched on and accepted back",
      options: [reason, yes, waitOption, timeoutOption],
      async run(host, options) {
        const what = `${host}: no further server is moved; it is switched on once none moves`;
        if (options["yes"] !== true) await confirm(host, what);
        await tell(`${api}/hosts/${at(host)}/undo`, wordsOf(options));
        if (options["wait"] !== true) return;
        await waitUntil({ shown, note }, `${api}/hosts/${at(host)}`, options, cameHome);
      },
    },
  ];
}

function fenceVerbs({ tell, confirm, shown, note }: VerbActions): readonly PolicyVerb[] {
  return [
    {
      under: "fence",
      usage: "confirm <host>",
      description: "it is off, you made sure of it: where no power device can say so",
      options: [
        reason,
        {
          flags: "--yes <host>",
          description: "its name again, where nobody can be asked to type it",
          required: false,
        },
      ],
      async run(host, options) {
        const again = options["yes"];
        if (again === undefined) {
          const what = `${host} is off, and stays off, by your word: its servers are started elsewhere. If it runs, they run twice and their disks are destroyed.`;
          await confirm(host, what);
        } else if (again !== host) {
          throw new Error(`--yes ${textIn(again)} is not ${host}: nothing done`);
        }
        return tell(`${api}/hosts/${at(host)}/confirm`, { ...wordsOf(options), again: host });
      },
    },
    {
      under: "fence",
      usage: "rehearse <host>",
      description: "cycle the power of an empty host, to see that its power devices are its own",
      options: [
        reason,
        { flags: "--cycle", description: "yes, its power is switched off and on", required: true },
        {
          flags: "--level <number>",
          description: "which level of its power devices; the first one without it",
          required: false,
        },
        {
          flags: "--yes <host>",
          description: "its name again, where nobody can be asked to type it",
          required: false,
        },
        waitOption,
        timeoutOption,
      ],
      async run(host, options) {
        const again = options["yes"];
        if (again === undefined) {
          const what = `${host} is switched off and on again. If its power devices are another host's, that host goes off, with every server on it.`;
          await confirm(host, what);
        } else if (again !== host) {
          throw new Error(`--yes ${textIn(again)} is not ${host}: nothing done`);
        }
        const words = { ...wordsOf(options), again: host, cycle: "yes" };
        await tell(`${api}/hosts/${at(host)}/rehearse`, words);
        if (options["wait"] !== true) return;
        await waitUntil({ shown, note }, `${api}/hosts/${at(host)}`, options, rehearsed);
      },
    },
  ];
}

function armingVerbs({ tell, shown, note }: VerbActions): readonly PolicyVerb[] {
  return (["arm", "disarm"] as const).map((verb) => ({
    under: undefined,
    usage: verb,
    description:
      verb === "arm"
        ? "it may act again"
        : "nothing new is begun until armed; what Nova has accepted is followed to its end",
    options: verb === "arm" ? [reason] : [reason, waitOption, timeoutOption],
    async run(_none: string, options: VerbOptions) {
      await tell(`${api}/${verb}`, wordsOf(options));
      if (options["wait"] === true)
        await waitUntil({ shown, note }, `${api}/status`, options, disarmed);
    },
  }));
}

/** The texts among a verb's options. */
function wordsOf(options: VerbOptions): Words {
  const words: Record<string, string> = {};
  for (const name of ["reason", "until", "owner", "level"]) {
    const value = options[name];
    if (typeof value === "string") words[name] = value;
  }
  return words;
}

function at(name: string): string {
  return encodeURIComponent(name);
}

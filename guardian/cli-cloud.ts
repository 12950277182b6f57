/** The verbs about servers, samples, the audit log and the like, as data; cli.ts makes commands of them. */
import { asConfigured } from "./config-limits.ts";
import { serverAfter, timeoutOption, waitOption, waitUntil } from "./cli-wait.ts";
import { textIn } from "./shell/json.ts";
import type { PolicyVerb, VerbActions, VerbOptions, Words } from "./cli-policy.ts";

const api = "/api/v1";
const reason = { flags: "--reason <text>", description: "why", required: true };
const yes = { flags: "--yes", description: "do not ask back", required: false };

function option(flags: string, description: string, required = false) {
  return { flags, description, required };
}

export function cloudVerbs(actions: VerbActions): readonly PolicyVerb[] {
  return [
    ...lists(actions),
    ...settings(actions),
    ...servers(actions),
    ...destructive(actions),
    ...samples(actions),
  ];
}

function settings({ tell }: VerbActions): readonly PolicyVerb[] {
  const under = "setting";
  return [
    {
      under,
      usage: "set <name> <value> [more...]",
      description: "limits.silentAfter 10s: from now on; further pairs count together, or none",
      options: [reason],
      run(name, options, further) {
        const words: Record<string, string> = {};
        const given = [name, ...further];
        for (let at = 0; at < given.length; at += 2) {
          const value = given[at + 1];
          if (value === undefined) throw new Error(`${given[at]} has no value: NAME VALUE …`);
          words[given[at] ?? ""] = value;
        }
        return tell(`${api}/settings`, { ...words, ...wordsOf(options) });
      },
    },
    {
      under,
      usage: "reset <names...>",
      description: "as the configuration says again",
      options: [reason],
      run(name, options, further) {
        const words = [name, ...further].map((each) => [each, asConfigured]);
        return tell(`${api}/settings`, { ...Object.fromEntries(words), ...wordsOf(options) });
      },
    },
  ];
}

function lists({ show }: VerbActions): readonly PolicyVerb[] {
  const known = [
    ["audit", "audit", "who had what done, why, and what came of it; newest first", "target"],
    ["setting", "settings", "every value of the configuration, and where it is from", undefined],
    ["bmc", "bmcs", "every power device: what it is known by, or why not", undefined],
    ["approval", "approvals", "incidents that wait for a person", undefined],
    ["meter", "meters", "names of the meters that have samples", undefined],
    ["server", "servers", "servers of all projects, as Nova shows them now", "host"],
    ["image", "images", "images, as Nova shows them", undefined],
    ["flavor", "flavors", "flavors, as Nova shows them", undefined],
    ["volume", "volumes", "volumes, as Nova shows them", undefined],
  ] as const;
  return known.map(([under, path, description, by]) => ({
    under,
    usage: "list",
    description,
    options: by === undefined ? [] : [option(`--${by} <name>`, "of this one alone")],
    run: (_none, options) =>
      show(`${api}/${path}${queryOf(options, by === undefined ? [] : [by])}`),
  }));
}

const orders = [
  ["start", "start it where it is"],
  ["stop", "stop it"],
  ["pause", "pause it in memory"],
  ["unpause", "let a paused one go on"],
  ["suspend", "suspend it to disk"],
  ["resume", "let a suspended one go on"],
  ["reboot", "reboot it"],
  ["lock", "lock it for its owners"],
  ["unlock", "unlock it"],
  ["live-migrate", "move it while it runs"],
  ["evacuate", "refused, with the way there: only the guardian's own proof evacuates"],
  ["console", "Nova's short-lived link to its console"],
] as const;

function servers(actions: VerbActions): readonly PolicyVerb[] {
  const more = (order: string) => {
    if (order === "reboot") return [option("--hard", "without asking its system")];
    return order === "live-migrate" ? [option("--to <host>", "where; else Nova finds room")] : [];
  };
  return [
    {
      under: "server",
      usage: "show <server>",
      description: "one server, as Nova shows it now",
      options: [],
      run: (server) => actions.show(`${api}/servers/${encodeURIComponent(server)}`),
    },
    ...orders.map(([order, description]): PolicyVerb => ({
      under: "server",
      usage: `${order} <server>`,
      description: `${description}; by its id`,
      options: [reason, ...more(order), ...(isAwaited(order) ? [waitOption, timeoutOption] : [])],
      run: (server, options) => ordered(actions, server, order, options, wordsOf(options)),
    })),
  ];
}

function isAwaited(order: string): boolean {
  return order !== "evacuate" && order !== "console";
}

/** Where it was is asked before: after a live migration that is what says whether it moved. */
async function ordered(
  { tell, shown, note }: VerbActions,
  server: string,
  order: string,
  options: VerbOptions,
  words: Words,
): Promise<void> {
  const path = `${api}/servers/${encodeURIComponent(server)}`;
  const wait = options["wait"] === true;
  const from = wait && order === "live-migrate" ? Object(await shown(path)) : {};
  await tell(`${path}/${order}`, words);
  if (!wait) return;
  await waitUntil(
    { shown, note },
    path,
    options,
    serverAfter(order, textIn(Reflect.get(from, "host"))),
  );
}

function destructive(actions: VerbActions): readonly PolicyVerb[] {
  return [
    {
      under: "server",
      usage: "delete <server>",
      description: "delete it for good, where the configuration allows it",
      options: [reason, yes, waitOption, timeoutOption],
      async run(server, options) {
        if (options["yes"] !== true) {
          await actions.confirm(server, `${server} is deleted for good`);
        }
        const words = { ...wordsOf(options), again: server };
        return ordered(actions, server, "delete", options, words);
      },
    },
  ];
}

function samples({ show }: VerbActions): readonly PolicyVerb[] {
  return [
    {
      under: "sample",
      usage: "list",
      description: "samples of one meter of one resource, the oldest first",
      options: [
        option("--meter <name>", "see: guardian meter list", true),
        option("--resource <id>", "a host's name, a server's id", true),
        option("--from <time>", "2026-11-22T09:00:00Z; else the last hour"),
        option("--to <time>", "now without it"),
      ],
      run: (_none, options) =>
        show(`${api}/samples${queryOf(options, ["meter", "resource", "from", "to"])}`),
    },
  ];
}

function queryOf(options: VerbOptions, names: readonly string[]): string {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = options[name];
    if (typeof value === "string") query.set(name, value);
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

function wordsOf(options: VerbOptions): Words {
  const words: Record<string, string> = {};
  for (const name of ["reason", "to"]) {
    const value = options[name];
    if (typeof value === "string") words[name] = value;
  }
  return options["hard"] === true ? { ...words, hard: "yes" } : words;
}

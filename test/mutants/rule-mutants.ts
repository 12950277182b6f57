/**
 * A mutant for each rule about proofs, found in the compiled text: every condition under which
 * fencing.ts waits or fails, and every sign of life that proof-keeping.ts revokes a proof for, is
 * never met; so is every reason for which confirmations.ts refuses or voids a person's word. proof.ts has three rules, written down here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { core, replacing, type Mutant } from "./mutant.ts";

/** Functions whose conditions are rules, with what the condition leads to. */
const places = [
  {
    file: "fencing",
    name: "levelFence",
    leadsTo: /^\s*\{?\s*return (?:\{ kind: "waiting"|fence;)/,
  },
  {
    file: "fencing",
    name: "deviceFence",
    leadsTo: /^[\s\S]{0,220}?return \{\s*kind: "(?:waiting|failed)"/,
  },
  { file: "fencing", name: "confirmedFence", leadsTo: /^\s*return undefined/ },
  { file: "confirmations", name: "lifeSince", leadsTo: /^\s*\{?\s*return words/ },
  { file: "confirmations", name: "lifeProblem", leadsTo: /^\s*\{?[^}]{0,200}?return `/ },
  { file: "fencing", name: "othersLive", leadsTo: /^\s*return \{ kind: "waiting"/ },
  { file: "proof-keeping", name: "signOfLife", leadsTo: /^\s*\{?\s*return \{ what:/ },
] as const;

export function ruleMutants(tree: string): readonly Mutant[] {
  const found = places.flatMap(({ file, name, leadsTo }) => {
    const source = readFileSync(join(tree, core(file)), "utf8");
    return conditionsIn(functionText(source, name), leadsTo).map((condition) => ({
      name: `rule ${file}, ${name}: never "${condition.replace(/\s+/g, " ")}"`,
      changes: [
        {
          file: core(file),
          apply: (text: string) => {
            const body = functionText(text, name);
            return text.replace(body, () => body.replace(`if (${condition})`, "if (false)"));
          },
        },
      ],
    }));
  });
  return [
    ...found,
    ...proofRules,
    ...rehearsalRules,
    ...homeRules,
    ...drainRules,
    ...degradedRules,
    ...roomRules,
    ...reserveRules,
    ...lookBackRules,
    ...limitRules,
    ...wordRules,
  ];
}

const proofRules: readonly Mutant[] = [
  {
    name: "rule proof: it never lapses",
    changes: [replacing(core("proof"), " && now < proof.expiresAt", "")],
  },
  {
    name: "rule proof: it lives four times as long",
    changes: [
      replacing(
        core("proof"),
        "after(obtainedAt, lifetimeMs)",
        "after(obtainedAt, 4 * lifetimeMs)",
      ),
    ],
  },
  {
    name: "rule proof: it stands for any host",
    changes: [replacing(core("proof"), " && proof.host === host", "")],
  },
];

/** A rehearsal is for empty hosts; what it switches on is nobody's whose servers move. */
const rehearsalRules: readonly Mutant[] = [
  {
    name: "rule rehearsal: Nova may send servers to the host meanwhile",
    changes: [replacing(core("rehearsal-gates"), "isDisabled && isHeld", "isHeld")],
  },
  {
    name: "rule rehearsal: servers that Nova lists are no hindrance",
    changes: [replacing(core("rehearsal"), "if (count > 0)", "if (false)")],
  },
  {
    name: "rule rehearsal: a host that is fenced is switched on",
    changes: [
      replacing(
        core("policy-gates"),
        "if (!isRehearsing(state, host.host) && other === undefined)",
        "if (true)",
      ),
      replacing(core("rehearsal-steps"), 'invariant(phase === "watching"', "invariant(true"),
    ],
  },
];

/** A host comes home only while nothing of it may run elsewhere, and by our own marks alone. */
const homeRules: readonly Mutant[] = [
  {
    name: "rule home: a move that failed is no hindrance",
    changes: [replacing(core("home-gates"), "if (failed.length > 0)", "if (false)")],
  },
  {
    name: "rule home: what runs there is not counted",
    changes: [replacing(core("home"), "if (tooMany > 0)", "if (false)")],
  },
  {
    name: "rule home: it is taken up before Nova has cleaned up",
    changes: [replacing(core("home"), " || seen.uncleaned > 0", "")],
  },
  {
    name: "rule home: another's mark is as good as ours",
    changes: [replacing(core("home-gates"), 'return ours ? "ours" : "others"', 'return "ours"')],
  },
  {
    name: "rule home: a person's word is no reason to leave it off",
    changes: [
      replacing(
        core("evacuation"),
        'if (!confirmed && proof?.method !== "confirmed")',
        "if (true)",
      ),
    ],
  },
  {
    name: "rule home: it is switched on again and again",
    changes: [
      replacing(
        core("home-gates"),
        "if (!home.byPerson && home.ordered !== true && again)",
        "if (false)",
      ),
    ],
  },
];

/** No server is migrated live and evacuated, and no live migration is called twice. */
const drainRules: readonly Mutant[] = [
  {
    name: "rule drain: a server whose live migration may go on is evacuated",
    changes: [
      replacing(core("drains"), 'return "wait"', 'return "none"'),
      replacing(core("drains"), '? "leave"', '? "none"'),
    ],
  },
  {
    name: "rule drain: a host that is not heard is drained",
    changes: [replacing(core("drain"), "host.freshSince !== undefined && ", "")],
  },
  {
    name: "rule drain: where its servers do not fit",
    changes: [replacing(core("drain"), "capacityGate(state, host, true),", "")],
  },
  {
    name: "rule drain: all servers at once",
    changes: [replacing(core("drain"), "const drainsAtOnce = 2", "const drainsAtOnce = 99")],
  },
];

/** A host that lives and is fenced all the same. */
const degradedRules: readonly Mutant[] = [
  {
    name: "rule degraded: its proof does not wait for its reports to stop",
    changes: [replacing(core("fencing-phase"), " && mayStillReport(host)", " && false")],
  },
  {
    name: "rule degraded: it is switched off under a live migration",
    changes: [replacing(core("degraded-gates"), "pass: !open && (", "pass: true || (")],
  },
];

/** A host that lives keeps its servers unless each of them has somewhere to go. */
const roomRules: readonly Mutant[] = [
  {
    name: "rule room: it is enough that the servers of a living host fit in sum",
    changes: [replacing(core("destination-gates"), "unplaced.length === 0", "true")],
  },
  {
    name: "rule room: a server fits where it takes more than is left",
    changes: [replacing(core("forecast"), "memoryMb >= size.memoryMb", "true")],
  },
];

/** Only what people handed to us as a reserve, and what is sound by our own verdict, gets servers. */
const reserveRules: readonly Mutant[] = [
  {
    name: "rule reserve: one that is not well is enabled",
    changes: [replacing(core("reserves"), `assessment?.row === "8"`, "assessment !== undefined")],
  },
  {
    name: "rule reserve: what a person has disabled is enabled",
    changes: [replacing(core("reserves"), "isReserveMark(state, shown.disabledReason)", "true")],
  },
  {
    name: "rule reserve: one in maintenance is enabled",
    changes: [replacing(core("reserves"), "maintenanceOf(state, host.host) === undefined", "true")],
  },
];

/** What a host runs that people took back is looked at. */
const lookBackRules: readonly Mutant[] = [
  {
    name: "rule look-back: a host that runs more than Nova has there is nobody's business",
    changes: [replacing(core("look-back"), "checks.serversRunning > seen.servers", "false")],
  },
];

/** What people change while it runs counts from then on, over restarts, and is never looser than the file. */
const limitRules: readonly Mutant[] = [
  {
    name: "rule limits: what people set does not count",
    changes: [
      replacing(
        core("changed-limits"),
        "{ ...state.settings, limits: limitsWith(state, event.wishes) }",
        "state.settings",
      ),
    ],
  },
  {
    name: "rule limits: a brake may be looser than the file has it",
    changes: [
      replacing(
        core("changed-limits"),
        "if (value === undefined || looser === undefined)",
        "if (true)",
      ),
    ],
  },
  {
    name: "rule limits: a restart forgets them",
    changes: [
      replacing(
        core("changed-limits"),
        "let told = stateWith(state, { settings, ",
        "let told = stateWith(state, { ",
      ),
    ],
  },
];

/** What is said, seen or counted too late, or beside the point, does not count. */
const wordRules: readonly Mutant[] = [
  {
    name: "rule word: one that is void leaves its proof standing",
    changes: [
      replacing(
        core("proof-keeping"),
        "isVoid = isWordVoid(state, host, phase.proof)",
        "isVoid = false",
      ),
    ],
  },
  {
    name: "rule word: anybody may vouch beside hosts that were never heard",
    changes: [replacing(core("power"), " && memory.known[name] === undefined", " && false")],
  },
  {
    name: "rule room: an old count will do",
    changes: [
      replacing(core("inventory"), " - (inventory.taken.get(host)?.memoryMb ?? 0)", ""),
      replacing(core("inventory"), "placed.size === undefined && placed.from !== own", "false"),
    ],
  },
];

/** The text of a function, to the closing brace at its margin. */
export function functionText(source: string, name: string): string {
  const from = source.search(new RegExp(`^(?:export )?function ${name}\\(`, "m"));
  const to = source.indexOf("\n}", from);
  if (from < 0 || to < 0) throw new Error(`no function ${name}`);
  return source.slice(from, to);
}

/** Conditions of the `if`s whose consequence matches, their parentheses balanced. */
function conditionsIn(text: string, leadsTo: RegExp): readonly string[] {
  const conditions: string[] = [];
  for (const match of text.matchAll(/\bif \(/g)) {
    const from = match.index + match[0].length;
    let depth = 1;
    let at = from;
    for (; depth > 0 && at < text.length; at += 1) {
      if (text[at] === "(") depth += 1;
      else if (text[at] === ")") depth -= 1;
    }
    const next = text.slice(at).search(/\bif \(/);
    const consequence = next < 0 ? text.slice(at) : text.slice(at, at + next);
    if (leadsTo.test(consequence)) conditions.push(text.slice(from, at - 1));
  }
  return conditions;
}

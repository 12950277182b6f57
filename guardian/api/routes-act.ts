/** What people may have done: arming, incidents, hosts, maintenance, silences, alerts. Nothing here decides. */
import { asConfigured } from "../config-limits.ts";
import { limitNames } from "../core/changed-limits.ts";
import { perform } from "../shell/control-verbs.ts";
import { performNotify } from "../shell/notify-verbs.ts";
import { setLimits } from "../shell/setting-verbs.ts";
import { done, line, optionalLine } from "./fields.ts";
import type { ApiParts } from "./parts.ts";
import type { ActionRoute, Call, Fields, Reply } from "./route.ts";

type Act = Omit<ActionRoute, "method" | "run" | "body" | "answer"> & { readonly body?: Fields };

const until = line("2h, 2026-11-22T09:00:00Z, or released (until it is cleared)", 64).optional();
const owner = optionalLine("whose it is; the caller's without it", 64);
const again = optionalLine("the host's name again: nobody means the wrong one", 64);

const decisions: readonly Act[] = [
  {
    path: "/api/v1/arm",
    name: "arm",
    summary: "It may act again",
    role: "admin",
  },
  {
    path: "/api/v1/disarm",
    name: "disarm",
    summary: "Nothing new is begun until armed; what Nova has accepted is followed to its end",
    role: "operator",
  },
  {
    path: "/api/v1/incidents/approve",
    name: "incident approve all",
    summary: "Every silent host that waits for a person may be fenced and evacuated",
    role: "operator",
  },
  {
    path: "/api/v1/incidents/{incident}/approve",
    name: "incident approve",
    summary: "It may be fenced and evacuated; passes storm and rate",
    role: "operator",
  },
  {
    path: "/api/v1/incidents/{incident}/hold",
    name: "incident hold",
    summary: "Nothing new is done about it until approved, or until it is well again",
    role: "operator",
  },
  {
    path: "/api/v1/incidents/{incident}/dismiss",
    name: "incident dismiss",
    summary: "Not a failure: left alone until it reports again",
    role: "operator",
  },
  {
    path: "/api/v1/incidents/{incident}/ack",
    name: "incident ack",
    summary: 'Its pages are not repeated; "guardian": the pages about the guardian itself',
    role: "operator",
  },
  {
    path: "/api/v1/maintenance/{host}",
    name: "maintenance set",
    summary: "It is never fenced or evacuated; its death is told all the same",
    role: "operator",
    body: { until, owner },
  },
  {
    path: "/api/v1/maintenance/{host}/clear",
    name: "maintenance clear",
    summary: "It is guarded again, at once",
    role: "operator",
  },
  {
    path: "/api/v1/hosts/{host}/release",
    name: "host release",
    summary: "A fenced host is people's business again",
    role: "operator",
  },
  {
    path: "/api/v1/hosts/{host}/undo",
    name: "host undo",
    summary: "A false alarm: no further move, then it is switched on and accepted back",
    role: "operator",
  },
  {
    path: "/api/v1/hosts/{host}/vouch",
    name: "fence vouch",
    summary: "The power devices of this host, as they answer now, are its own",
    role: "admin",
  },
  {
    path: "/api/v1/hosts/{host}/confirm",
    name: "fence confirm",
    summary: "It is off, by a person's word: where no power device can say so",
    role: "admin",
    body: { again },
  },
  {
    path: "/api/v1/hosts/{host}/rehearse",
    name: "fence rehearse",
    summary: "Cycles the power of an empty host, to see that its power devices are its own",
    role: "admin",
    body: {
      again,
      cycle: optionalLine('"yes": its power is cycled', 4),
      level: optionalLine("which level of its power devices, from 1", 4),
    },
  },
];

const tellings: readonly Act[] = [
  {
    path: "/api/v1/notify/{channel}/test",
    name: "notify test",
    summary: "Sends a page that begins and ends, and shows both answers",
    role: "operator",
  },
  {
    path: "/api/v1/silences",
    name: "silence add",
    summary: "Tells people nothing of what matches, until an end; * stands for any text",
    role: "operator",
    body: {
      until,
      owner,
      host: optionalLine("of these hosts", 64),
      kind: optionalLine("of this kind of alert", 64),
      class: optionalLine("page, notification, ticket or log alone", 64),
      domain: optionalLine('of hosts in this domain, such as "rack B7"', 128),
    },
  },
  {
    path: "/api/v1/silences/{silence}/end",
    name: "silence end",
    summary: "What it held back and still fires is told at once",
    role: "operator",
  },
  {
    path: "/api/v1/alerts/{alert}/ack",
    name: "alert ack",
    summary: "It is not repeated, and not told at the second level",
    role: "operator",
  },
];

const settingSet: Act = {
  path: "/api/v1/settings",
  name: "setting set",
  summary:
    "Changes limits while the guardian runs, all that are named or none; kept over restarts until given back, or until the configuration says something else",
  role: "admin",
  body: Object.fromEntries(
    limitNames.map((name) => [
      name,
      optionalLine(`as in the file, or "${asConfigured}": as the configuration says`, 32),
    ]),
  ),
};

export function actRoutes({ guardian, outbox }: ApiParts): readonly ActionRoute[] {
  const asked = ({ at, wall, caller, parts, field }: Call) => {
    const { by, uid } = caller;
    return { guardian, outbox, at, wall, by, uid, parts, field };
  };
  const made = (route: Act, run: (call: Call) => Reply | Promise<Reply>): ActionRoute => ({
    method: "POST",
    body: {},
    answer: done,
    ...route,
    run,
  });
  return [
    made(settingSet, (call) => setLimits(asked(call))),
    ...decisions.map((route) => made(route, (call) => perform(asked(call)))),
    ...tellings.map((route) => made(route, (call) => performNotify(asked(call)))),
  ];
}

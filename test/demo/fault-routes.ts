/** The routes that the demo's guardian has beside its own: to break the simulated cloud from the page. */
import { z } from "../../guardian/config-parts.ts";
import {
  problem,
  type ActionRoute,
  type Call,
  type Reply,
  type Route,
} from "../../guardian/api/route.ts";
import { faultKinds, type Faults } from "./faults.ts";

export function faultRoutes(faults: () => Faults): readonly Route[] {
  const text = (description: string) => z.string().max(64).describe(description);
  const act = (
    verb: "break" | "mend",
    summary: string,
    run: (call: Call) => string | undefined,
  ): ActionRoute => ({
    method: "POST",
    path: `/api/v1/demo/${verb}`,
    name: `demo ${verb}`,
    summary,
    role: "operator",
    body: { fault: text(faultKinds.join(", ")), target: text("a host, or a rack") },
    answer: z.looseObject({ done: z.boolean() }),
    run: (call): Reply => {
      const refused = run(call);
      if (refused !== undefined) return problem(409, refused);
      return { status: 200, body: { done: true, by: call.caller.by } };
    },
  });
  return [
    {
      method: "GET",
      path: "/api/v1/demo",
      name: "demo show",
      summary: "What can be broken, and what is",
      role: "viewer",
      query: {},
      answer: z.object({ faults: z.array(z.unknown()), broken: z.array(z.unknown()) }),
      run: () => ({ status: 200, body: shown(faults()) }),
    },
    act("break", "Breaks something of the simulated cloud", ({ field }) =>
      faults().break(field("fault"), field("target")),
    ),
    act("mend", "Mends it, as an operator would", ({ field }) =>
      faults().mend(field("fault"), field("target")),
    ),
  ];
}

function shown({ targetsOf, broken }: Faults): unknown {
  return {
    faults: faultKinds.map((fault) => ({ fault, targets: targetsOf(fault) })),
    broken: broken.map(({ fault, target, sinceMs }) => ({
      fault,
      target,
      since: new Date(sinceMs).toISOString().slice(11, 19),
    })),
  };
}

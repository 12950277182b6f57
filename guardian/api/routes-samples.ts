/** Samples and meters, as JSON or CSV. */
import { z } from "../config-parts.ts";
import type { SampleReader } from "../shell/samples.ts";
import { csvOf } from "./csv.ts";
import { limitMax, optionalLine, paging, texts } from "./fields.ts";
import { badCursor, nextPage, readCursor } from "./paging.ts";
import type { ApiParts } from "./parts.ts";
import { problem, type Call, type ReadRoute, type Reply } from "./route.ts";

const hourMs = 3_600_000;

export function sampleRoutes({ samples }: ApiParts): readonly ReadRoute[] {
  if (samples === undefined) return [];
  return [
    {
      method: "GET",
      path: "/api/v1/meters",
      name: "meter list",
      summary: "Names of the meters that have samples",
      role: "viewer",
      query: {},
      answer: z.array(texts("meter")),
      run: async () => {
        const answer = await samples.meters();
        if (answer.kind === "failed") return problem(502, answer.reason);
        return { status: 200, body: answer.meters.map((meter) => ({ meter })) };
      },
    },
    {
      method: "GET",
      path: "/api/v1/samples",
      name: "sample list",
      summary: "Samples of one meter of one resource, the oldest first; the last hour without from",
      role: "viewer",
      query: {
        ...paging,
        meter: z.string().regex(/^[\w.:%-]{1,255}$/, "must be a meter; see: guardian meter list"),
        resource: z.string().regex(/^[^"'\\\s]{1,255}$/, "must be a resource's id"),
        from: time,
        to: time,
        format: z.enum(["json", "csv"], "must be json or csv").optional().describe("json"),
      },
      answer: z.array(texts("time", "meter", "resource", "unit").extend({ volume: z.number() })),
      run: (call) => read(call, samples),
    },
  ];
}

const time = optionalLine("2026-11-22T09:00:00Z", 40).refine(
  (text) => text === undefined || !Number.isNaN(Date.parse(text)),
  "must be a time such as 2026-11-22T09:00:00Z",
);

async function read(call: Call, samples: SampleReader): Promise<Reply> {
  const cursor = /^(?:(\d{1,15})\+(\d{1,9}))?$/.exec(readCursor(call.query("cursor")) ?? "?");
  if (cursor === null) return badCursor();
  const to = call.query("to");
  const toMs = to === "" ? call.wall : Date.parse(to);
  const from = call.query("from");
  const fromMs = Number(cursor[1] ?? (from === "" ? toMs - hourMs : Date.parse(from)));
  const skip = Number(cursor[2] ?? 0);
  const limit = Number(call.query("limit") || limitMax);
  const { meter, resource } = { meter: call.query("meter"), resource: call.query("resource") };
  const answer = await samples.read({ meter, resource, fromMs, toMs, skip, limit: limit + 1 });
  if (answer.kind === "failed") return problem(502, answer.reason);
  const shown = answer.samples.slice(0, limit);
  const body = shown.map(({ timeMs, ...sample }) => ({
    time: new Date(timeMs).toISOString(),
    ...sample,
  }));
  const headers = answer.samples.length > limit ? goOn(call, shown, fromMs, skip) : {};
  if (call.query("format") !== "csv") return { status: 200, body, headers };
  return { status: 200, body: csvOf(body), type: "text/csv; charset=utf-8", headers };
}

/** After the last row: its instant, and how many rows of that instant were seen. */
function goOn(
  call: Call,
  shown: readonly { readonly timeMs: number }[],
  fromMs: number,
  skip: number,
): Readonly<Record<string, string>> {
  const lastMs = shown.at(-1)?.timeMs ?? 0;
  const same = shown.filter(({ timeMs }) => timeMs === lastMs).length;
  const seen = same + (lastMs === fromMs ? skip : 0);
  return nextPage(call, `${Math.floor(lastMs)}+${seen}`);
}

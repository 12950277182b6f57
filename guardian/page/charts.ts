/** Drawings of figures over time, as numbers of an SVG: a line for samples, bars for moves. */
import { h, type ViewNode } from "./node.ts";
import type { MoveLine, SampleLine } from "./records.ts";

const width = 320;
const height = 64;
const pointsMax = 160;

/** A line through the samples; more of them than pixels are thinned, the highest of each stretch kept. */
export function lineChart(samples: readonly SampleLine[], label: string): ViewNode {
  const points = samples
    .map(({ time, volume }) => ({ at: Date.parse(time), volume }))
    .filter(({ at, volume }) => Number.isFinite(at) && Number.isFinite(volume));
  const thin = thinned(points);
  const first = thin[0]?.at ?? 0;
  const spanMs = Math.max(1, (thin.at(-1)?.at ?? 0) - first);
  const top = Math.max(1, ...thin.map(({ volume }) => volume));
  const x = (at: number): string => (((at - first) / spanMs) * (width - 8) + 4).toFixed(1);
  const y = (volume: number): string => (height - 4 - (volume / top) * (height - 8)).toFixed(1);
  const line = thin.map(({ at, volume }) => `${x(at)},${y(volume)}`).join(" ");
  return h(
    "svg",
    { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    h("line", { class: "axis", x1: 4, y1: height - 4, x2: width - 4, y2: height - 4 }),
    h("polyline", { class: "curve", points: line }),
  );
}

interface Point {
  readonly at: number;
  readonly volume: number;
}

function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= pointsMax) return points;
  const stretch = Math.ceil(points.length / pointsMax);
  return Array.from({ length: Math.ceil(points.length / stretch) }, (_, index) =>
    points
      .slice(index * stretch, (index + 1) * stretch)
      .reduce((high, point) => (point.volume > high.volume ? point : high)),
  );
}

/** One server's bar: where it begins and ends on the common axis, in thousandths. */
export interface Bar {
  readonly move: MoveLine;
  readonly from: number;
  readonly to: number;
  readonly tone: "done" | "running" | "failed" | "waiting";
}

export interface Waterfall {
  readonly bars: readonly Bar[];
  readonly spanMs: number;
}

/** Moves in the order in which they began; one that runs ends now. */
export function waterfallOf(moves: readonly MoveLine[], nowMs: number): Waterfall {
  const times = moves.map((move) => {
    const beganMs = move.began === "" ? undefined : Date.parse(move.began);
    const tookMs = move.seconds === "" ? undefined : Number(move.seconds) * 1000;
    const endMs = beganMs === undefined ? undefined : beganMs + (tookMs ?? nowMs - beganMs);
    return { move, beganMs, endMs };
  });
  const begins = times.flatMap(({ beganMs }) => beganMs ?? []);
  const origin = begins.length === 0 ? 0 : Math.min(...begins);
  const spanMs = Math.max(1, ...times.map(({ endMs }) => (endMs ?? origin) - origin));
  const share = (ms: number): number =>
    Math.min(1000, Math.max(0, Math.round(((ms - origin) / spanMs) * 1000)));
  const bars = times.map(({ move, beganMs, endMs }): Bar => {
    const [from, to] = [share(beganMs ?? origin), share(endMs ?? origin)];
    return { move, from, to, tone: toneOf(move, beganMs) };
  });
  return { bars: bars.toSorted((a, b) => a.from - b.from || a.to - b.to), spanMs };
}

function toneOf({ result }: MoveLine, beganMs: number | undefined): Bar["tone"] {
  if (result === "finished") return "done";
  if (result === "failed" || result === "left") return "failed";
  return beganMs === undefined ? "waiting" : "running";
}

/** A bar on a track of its own. */
export function barChart({ from, to, tone }: Bar, label: string): ViewNode {
  return h(
    "svg",
    {
      class: `bar ${tone}`,
      viewBox: "0 0 1000 20",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label,
    },
    h("rect", { class: "track", x: 0, y: 9, width: 1000, height: 2 }),
    h("rect", { class: "length", x: from, y: 2, width: Math.max(6, to - from), height: 16 }),
  );
}

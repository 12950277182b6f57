/** What a browser's trace says of the work of its pages. */
import assert from "node:assert/strict";

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The longest of all tasks of pages' main threads, in ms of the processor's time. */
export function longestWork(trace: string): number {
  const { traceEvents } = JSON.parse(trace) as { readonly traceEvents: readonly TraceEvent[] };
  const mains = new Set(
    traceEvents.flatMap(({ name, pid, tid, args }) =>
      name === "thread_name" && args?.name === "CrRendererMain" ? [`${pid} ${tid}`] : [],
    ),
  );
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => name.endsWith("RunTask") && mains.has(`${pid} ${tid}`),
  );
  assert.ok(tasks.length > 100, `${tasks.length} tasks are in the trace`);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
}

/** Programs of the benchmark that run beside it, and what they tell. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { SenderOrders } from "./collector-sender.ts";

/** A compiled program of this folder. */
export function program(name: string): string {
  return new URL(`${name}.js`, import.meta.url).pathname;
}

/** What a child says next. */
export async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, "message")) as [T];
  return message;
}

/** A run of the sender: what it sent, once the handshake is over and `onPaced` was called. */
export async function sendReports(
  orders: SenderOrders,
  onPaced: () => Promise<unknown> = () => Promise.resolve(),
): Promise<{ readonly sent: number; readonly perSecond: number }> {
  const sender = fork(program("collector-sender"));
  await told(sender);
  sender.send(orders);
  const { confirmed } = await told<{ readonly confirmed: number }>(sender);
  const wanted = orders.hosts * orders.targets.length;
  if (confirmed < wanted && orders.isFloor !== true)
    console.log(`  only ${confirmed} of ${wanted} lives were confirmed`);
  const done = told<{ readonly sent: number; readonly perSecond: number }>(sender);
  await onPaced();
  return await done;
}

/** CPU time of a process so far, in microseconds; resolution 10 ms. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

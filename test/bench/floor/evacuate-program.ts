/** The floor of an evacuation as a program: the target and the concurrency as JSON on standard input. */
import { text } from "node:stream/consumers";
import { evacuateBarely, type FloorTarget } from "./evacuate.ts";

const wanted = JSON.parse(await text(process.stdin)) as FloorTarget & { concurrency: number };
console.log((await evacuateBarely(wanted, wanted.concurrency)).toFixed(0));

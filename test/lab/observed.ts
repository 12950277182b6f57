/**
 * What the observer saw and the judge says: the tests' word on "never twice" comes from programs
 * that share no code with the guardian.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { waitFor } from "../support/wait-for.ts";
import { labFolder, runScript } from "./lab-scripts.ts";

export interface Migration {
  readonly id: number;
  readonly instance_uuid: string;
  readonly status: string;
  readonly source_compute: string;
}

export interface Observer {
  /** Wall time in seconds when the first evacuate call reached nova-api. */
  firstCall(host: string): number | undefined;
  /** Wall time in seconds when the last move was first seen ended. */
  lastEnd(host: string): number | undefined;
  /** How many of the host's moves were seen ended. */
  ends(host: string): number;
  /** How many evacuate calls nova-api accepted. */
  calls(): number;
  /** Stops watching; may be called twice. */
  end(): Promise<void>;
  /** The judge's line; throws it when it is red. */
  judge(host: string): Promise<string>;
  /** What must never be, over all hosts, once it has ended. */
  tally(): Promise<Tally>;
}

/** Evacuations that succeeded, and among all that were called those that must not be. */
export interface Tally {
  readonly moves: number;
  readonly twice: number;
  readonly while_alive: number;
  readonly unseen: number;
}

type Sight = { readonly kind: string; readonly wall: number } & Readonly<{
  migrations?: readonly Migration[];
  server?: string;
  status?: number;
}>;

const ended = ["done", "completed", "error", "failed", "cancelled"];

/** Starts observer.py and waits for its first look at Nova: what is older is not this test's. */
export async function startObserver(file: string): Promise<Observer> {
  const child = spawn(`${labFolder}observer.py`, [file], { stdio: "ignore" });
  await waitFor(
    "the observer's first look at Nova",
    () => records(file).some(({ migrations }) => migrations !== undefined) || undefined,
    15_000,
  );
  const first = records(file).find(({ migrations }) => migrations !== undefined);
  const older = new Set(first?.migrations?.map(({ id }) => id));
  const servers = (host: string): ReadonlySet<string> =>
    new Set(
      records(file).flatMap(({ migrations = [] }) =>
        migrations
          .filter(({ id, source_compute }) => !older.has(id) && source_compute === host)
          .map(({ instance_uuid }) => instance_uuid),
      ),
    );
  const endsOf = (host: string): readonly number[] => {
    const endOf = new Map<number, number>();
    for (const { migrations = [], wall } of records(file)) {
      for (const { id, status, source_compute } of migrations) {
        if (older.has(id) || source_compute !== host || endOf.has(id)) continue;
        if (ended.includes(status)) endOf.set(id, wall);
      }
    }
    return [...endOf.values()];
  };
  return {
    calls: () =>
      records(file).filter(({ kind, status }) => kind === "request" && status === 200).length,
    firstCall(host) {
      const moved = servers(host);
      const begins = records(file)
        .filter(({ kind, server }) => kind === "request" && moved.has(server ?? ""))
        .map(({ wall }) => wall);
      return begins.length === 0 ? undefined : Math.min(...begins);
    },
    lastEnd(host) {
      const ends = endsOf(host);
      return ends.length === 0 ? undefined : Math.max(...ends);
    },
    ends: (host) => endsOf(host).length,
    end: () => endObserver(child),
    async judge(host) {
      await endObserver(child);
      return (await runScript("judge.py", file, "--host", host)).trim();
    },
    tally: async () => JSON.parse(await runScript("tally.py", file)) as Tally,
  };
}

async function endObserver(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

function records(file: string): readonly Sight[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  const lines = text.split("\n").slice(0, -1);
  return lines
    .filter((line) => !line.includes('"kind": "sample"'))
    .map((line) => JSON.parse(line) as Sight);
}

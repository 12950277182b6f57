/** Whether a watched service runs: a systemd unit's own word, or a process of its name. */
import type { Level } from "./standing.ts";

export interface ServiceResult {
  readonly state: string;
  readonly level: Level;
  readonly text: string;
}

/** `systemctl show -p LoadState,ActiveState,SubState,Result,NRestarts UNIT`: a key=value a line. */
export function readUnit(exit: {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}): ServiceResult {
  const values = new Map(
    exit.stdout.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const];
    }),
  );
  const active = values.get("ActiveState");
  if (exit.code !== 0 || active === undefined) {
    const why = exit.stderr.trim().split("\n")[0] ?? "";
    const text = `systemctl ended with ${exit.code ?? "a signal"}: ${why}`;
    return { state: "unknown", level: "unknown", text };
  }
  if (values.get("LoadState") === "not-found") {
    return { state: "missing", level: "critical", text: "no such unit" };
  }
  const restarts = values.get("NRestarts") ?? "0";
  const [sub, result] = [values.get("SubState") ?? "", values.get("Result") ?? ""];
  const why = result === "" || result === "success" ? "" : `, ${result}`;
  const text = `${active} (${sub}${why})${restarts === "0" ? "" : `, ${restarts} restarts`}`;
  return { state: active, level: levelOfUnit(active), text };
}

/** A unit that is about to run may be one that starts again and again: a warning until it does. */
function levelOfUnit(active: string): Level {
  if (active === "active") return "ok";
  return ["activating", "reloading", "refreshing"].includes(active) ? "warning" : "critical";
}

/** The kernel keeps 15 characters of a process's name. */
export function readProcesses(names: readonly string[], wanted: string): ServiceResult {
  const count = names.filter((name) => name === wanted.slice(0, 15)).length;
  if (count === 0) return { state: "gone", level: "critical", text: `no process "${wanted}"` };
  return { state: "running", level: "ok", text: `${count} processes` };
}

/**
 * A chassis that is a folder, behind a real device: the power is one file, how the device misbehaves another. What the
 * device asks of it is a script, as ipmi_sim calls it: `chassis.sh ADDRESS get power`, `chassis.sh ADDRESS set power 0`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export type ChassisMode =
  | ""
  /** Takes every order and leaves the power as it is. */
  | "stuck"
  /** Reads off, whatever the power is. */
  | "lies"
  /** Takes 4 s for each answer. */
  | "slow"
  /** Answers with an error. */
  | "fail"
  /** Does what it is told, and the device dies before it can say so. */
  | "dies"
  /** Goes off, and on again by itself a second later. */
  | "returns";

/** A test, or whatever else has an end. */
export type Ending = Pick<TestContext, "after">;

export interface FileChassis {
  readonly folder: string;
  readonly write: (name: string, text: string) => void;
  readonly setMode: (mode: ChassisMode) => void;
  /** What the power really is, whatever the device says. */
  readonly isOn: () => boolean;
  /** How often it was told to go off. */
  readonly orders: () => number;
}

const script = `#!/bin/bash
D=$(cd "$(dirname "$0")" && pwd); MODE=$(cat "$D/mode"); echo "$*" >> "$D/orders"
shift; op=$1; shift
[ "$MODE" = slow ] && sleep 4
[ "$MODE" = fail ] && { echo "BMC busy"; exit 1; }
power() { [ "$MODE" = lies ] && echo 0 || cat "$D/power"; }
switch() {
  [ "$MODE" = stuck ] || [ "$MODE" = lies ] && return
  echo "$1" > "$D/power"
  [ "$MODE" = dies ] && kill -KILL "$(cat "$D/device.pid")"
  # Whoever waits for the end of our output must not wait for this.
  if [ "$MODE" = returns ]; then (sleep 1; echo 1 > "$D/power") < /dev/null > /dev/null 2>&1 & fi
}
case $op in
 get) for p; do case $p in power) echo "power:$(power)";; boot) echo boot:default;; *) exit 1;; esac; done;;
 set) while [ -n "$1" ]; do p=$1; v=$2; shift 2; [ "$p" = power ] && switch "$v"; done;;
esac
exit 0
`;

/** Its power is on; its folder is removed with the test. */
export function makeChassis(t: Ending): FileChassis {
  const folder = mkdtempSync(join(tmpdir(), "chassis-"));
  // The device may still write there while it ends.
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "chassis.sh"), script, { mode: 0o755 });
  write("mode", "");
  write("power", "1");
  write("orders", "");
  return {
    folder,
    write,
    setMode: (mode) => write("mode", mode),
    isOn: () => read("power").trim() === "1",
    orders: () => read("orders").match(/set power 0/g)?.length ?? 0,
  };
}

/** The control socket in front of the core fixture. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ask } from "../../guardian/cli.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { startControlSocket } from "../../guardian/shell/control-socket.ts";
import { wallMs } from "../../shared/time.ts";
import { idlePorts } from "./idle-ports.ts";
import { CoreFixture, host1 } from "./core-fixture.ts";

export const api = "/api/v1";

export interface Control {
  readonly core: CoreFixture;
  readonly socket: string;
  readonly folder: string;
  /** One verb; the daemon's answer, or its refusal as a text. */
  readonly tell: (path: string, words?: Readonly<Record<string, string>>) => Promise<unknown>;
}

/** Serves; ends with the test. */
export async function control(t: TestContext, changes: Partial<Settings> = {}): Promise<Control> {
  const folder = mkdtempSync(join(tmpdir(), "guardian-control-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const socket = join(folder, "guardian.sock");
  const core = new CoreFixture(changes).run(15_000);
  const served = await startControlSocket({
    path: socket,
    clock: { monoMs: () => core.now, wallMs: () => wallMs(core.wall) },
    guardian: {
      run: () => Promise.resolve(),
      tell: (event) => void core.take(event),
      state: () => core.state,
      decidedAt: () => core.now,
      notRecorded: () => ({ inputs: 0, reason: "" }),
    },
    recording: idlePorts.journal.recording,
    channels: () => [],
  });
  t.after(() => served.close());
  const tell: Control["tell"] = (path, words = {}) =>
    ask(socket, "POST", `${api}/${path}`, words).catch((error: unknown) => String(error));
  return { core, socket, folder, tell };
}

/** The id of the incident of a host that has died. */
export function dead(core: CoreFixture): string {
  core.powerLoss(host1);
  core.run(10_000);
  return core.state.memory.incidents.get(host1)?.id ?? "";
}

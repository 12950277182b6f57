/** The control socket in front of the core fixture. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ApiParts } from "../../guardian/api/parts.ts";
import { ask } from "../../guardian/cli-client.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { firingSightings, sightingOf, stormScopes } from "../../guardian/dispatch/surroundings.ts";
import type { Notifier } from "../../guardian/ports.ts";
import { createAuditLog, type AuditLog } from "../../guardian/shell/audit-table.ts";
import { openDatabase } from "../../guardian/shell/sqlite.ts";
import { createOutbox, type Outbox } from "../../guardian/shell/outbox.ts";
import { startControlSocket } from "../../guardian/shell/control-socket.ts";
import { silentLogger } from "../../shared/log.ts";
import { seededRandom } from "../../shared/random.ts";
import { wallMs } from "../../shared/time.ts";
import { idlePorts } from "./idle-ports.ts";
import { settingsWith } from "./dispatch-fixture.ts";
import { MemoryFile } from "./outbox-fixture.ts";
import { CoreFixture, host1 } from "./core-fixture.ts";

export const api = "/api/v1";

export interface Control {
  readonly core: CoreFixture;
  readonly outbox: Outbox;
  readonly socket: string;
  readonly folder: string;
  /** One verb; the daemon's answer, or its refusal as a text. */
  readonly tell: (path: string, words?: Readonly<Record<string, string>>) => Promise<unknown>;
}

/** Serves; ends with the test. */
export async function control(
  t: TestContext,
  changes: Partial<Settings> = {},
  notifiers: readonly Notifier[] = [],
  parts: Partial<ApiParts> = {},
): Promise<Control> {
  const folder = mkdtempSync(join(tmpdir(), "guardian-control-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const socket = join(folder, "guardian.sock");
  const core = new CoreFixture(changes).run(15_000);
  const outbox = outboxOf(core, notifiers);
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
    outbox,
    audit: memoryAudit(),
    log: silentLogger,
    ...parts,
  });
  t.after(() => served.close());
  const tell: Control["tell"] = (path, words = {}) =>
    ask(socket, "POST", `${api}/${path}`, words).catch((error: unknown) => String(error));
  return { core, outbox, socket, folder, tell };
}

/** An audit log in memory. */
export function memoryAudit(): AuditLog {
  return createAuditLog(openDatabase(":memory:"));
}

/** The outbox of a core whose time is the fixture's; a round takes what fires. */
export function outboxOf(core: CoreFixture, notifiers: readonly Notifier[]): Outbox {
  return createOutbox({
    notifiers,
    settings: settingsWith(notifiers.map(({ name }) => name)),
    file: new MemoryFile(),
    core: () => ({
      version: core.state.memory.alerts,
      sighting: (message) => sightingOf(core.state, message),
      firing: () => firingSightings(core.state),
      storms: () => stormScopes(core.state),
    }),
    clock: { monoMs: () => core.now, wallMs: () => wallMs(core.wall) },
    random: seededRandom(1),
    log: silentLogger,
  });
}

/** The id of the incident of a host that has died. */
export function dead(core: CoreFixture): string {
  core.powerLoss(host1);
  core.run(10_000);
  return core.state.memory.incidents.get(host1)?.id ?? "";
}

/** What keeps a host from being taken up again, and what people are told meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1 } from "../support/core-fixture.ts";

function fenced(): {
  core: CoreFixture;
  servers: readonly ReturnType<CoreFixture["nova"]["addServer"]>[];
} {
  const core = new CoreFixture({ comeHome: "power-on" }).run(15_000);
  const servers = [core.nova.addServer(host1, "vm-1"), core.nova.addServer(host1, "vm-2")];
  core.fact(host1, { turnsOn: false });
  core.powerLoss(host1);
  while (core.state.memory.incidents.get(host1)?.phase.kind !== "ended") core.run(250);
  return { core, servers };
}
const step = (core: CoreFixture): string => core.phase(host1, "ended").home?.step.kind ?? "none";

test("not taken up again while Nova evacuates a server from it", () => {
  const { core, servers } = fenced();
  const left = core.nova.addServer(host1, "vm-9");
  core.run(5000);
  core.powerOn(host1);
  core.run(10_000);
  // Held by a person as the last record is closed.
  while (step(core) !== "cleaning") core.run(250);
  core.maintain(host1, undefined);
  for (const server of servers) core.nova.changeRecord(server, "completed");
  core.run(12_000);
  assert.equal(step(core), "up");
  assert.equal(core.done("force-up").length, 0, "held");
  // It is forced down still, so Nova takes an evacuation of the server that stayed.
  core.nova.addRecord(left, host1, "accepted");
  core.nova.changeServer(left, { taskState: "rebuild_spawning" });
  core.run(15_000);
  const { now: at } = core;
  core.take({
    kind: "maintenance-cleared",
    at,
    wall: wallMs(core.wall),
    host: host1,
    by: alice,
    reason: "done",
  } as never);
  core.run(10_000);
  assert.equal(core.done("force-up").length, 0, "taken up while a server of it is being evacuated");
});

test("an evacuated server that runs there again is a page at once, though another one there is down", () => {
  const { core } = fenced();
  core.nova.addServer(host1, "vm-9");
  core.run(3000);
  // vm-1 was evacuated and was started by libvirt; vm-9 was not started: two domains, one runs.
  core.fact(host1, {
    checks: { ...core.factsOf(host1).checks, serversTotal: 2, serversRunning: 1 },
  });
  core.powerOn(host1);
  core.run(60_000);
  const home = (): unknown => core.alerts().findLast(({ kind }) => kind === "home")?.class;
  const early = [step(core), home()];
  core.run(600_000);
  const late = [step(core), home()];
  assert.equal(late[1], "page", `after 1 min: ${early.join()}; after 11 min: ${late.join()}`);
});

test("the same, with a server that stayed by its local disk from the beginning", () => {
  const core = new CoreFixture({ comeHome: "power-on" }).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host1, "vm-2", { volumeBacked: false });
  const { checks } = core.factsOf(host1);
  core.fact(host1, { turnsOn: false, checks: { ...checks, serversTotal: 2, serversRunning: 2 } });
  core.run(3000);
  core.powerLoss(host1);
  core.run(90_000);
  const phase = core.phase(host1, "ended");
  const moves = Object.values(phase.moves)
    .map(({ name, state }) => `${name} ${state.kind}`)
    .join();
  // libvirt started vm-1, which runs elsewhere; nova-compute did not start, so vm-2 is down.
  core.fact(host1, { checks: { ...checks, serversTotal: 2, serversRunning: 1 } });
  core.powerOn(host1);
  core.run(700_000);
  const home = core.alerts().findLast(({ kind }) => kind === "home");
  assert.equal(home?.class, "page", `${moves}; ${home?.class}: ${home?.title}`);
});

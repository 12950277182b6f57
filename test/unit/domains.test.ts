import assert from "node:assert/strict";
import { test } from "node:test";
import { describeGate, type GateResult } from "../../guardian/core/assessment.ts";
import { placeWords, domainsFor, placeOf } from "../../guardian/core/domains.ts";
import { gatesToBegin } from "../../guardian/core/gates.ts";
import type { HostSettings, Settings } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const host3 = hostName("compute-3");
const host30 = hostName("compute-30");

/** 40 hosts, ten to a rack. */
function racked(changes: Partial<Settings> = {}, hosts = 40, perRack = 10): CoreFixture {
  const plain = new CoreFixture({}, hosts).settings.hosts;
  const entries = [...plain].map(([host, entry]): [HostName, HostSettings] => {
    const rack = `B${Math.floor((Number(host.slice(8)) - 1) / perRack)}`;
    return [host, { ...entry, domains: { rack } }];
  });
  return new CoreFixture({ hosts: new Map(entries), ...changes }, hosts).run(15_000);
}

function gates(core: CoreFixture, host = host1): readonly GateResult[] {
  return gatesToBegin(core.state, core.hostState(host), core.assessment(host));
}

function gate(core: CoreFixture, name: string, host = host1): GateResult {
  const found = gates(core, host).find((result) => result.gate === name);
  assert.ok(found !== undefined, `no gate "${name}"`);
  return found;
}

test("domains come from the configuration, the zone and matching aggregates", () => {
  const core = racked({ domainAggregates: ["rack-*", "gpu"] });
  core.nova.zone = "az1";
  core.nova.aggregates = { "rack-b7": [host1], ssd: [host1], gpu: [host1, host2] };
  core.run(70_000);
  const expected = ["rack B0", "zone az1", "aggregate rack-b7", "aggregate gpu"];
  assert.deepEqual(core.hostState(host1).domains, expected);
  assert.deepEqual(domainsFor(core.settings, host2, undefined, []), ["rack B0"]);
});

test("a domain that holds every host is none: its limit is the cloud's", () => {
  const core = racked();
  core.powerLoss(host1);
  core.run(6000);
  assert.ok(!gates(core).some((result) => result.gate.endsWith("zone nova")));
});

test("two in one rack of ten are a storm there, and none in the cloud of forty", () => {
  const core = racked();
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(6000);
  assert.equal(gate(core, "storm").pass, true, "2 <= 4");
  assert.equal(gate(core, "storm in rack B0").pass, false, "2 > 1");
  assert.deepEqual(core.done("power-off"), []);
});

test("a storm in one rack does not hold a host of another", () => {
  const core = racked();
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(10_000);
  core.powerLoss(host30);
  core.run(12_000);
  assert.deepEqual([...new Set(core.done("power-off").map(({ host }) => host))], [host30]);
});

test("a storm in a rack rages on through its cooldown, and ends after it", () => {
  const core = racked({ mode: "observe" });
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(6000);
  core.fact(host1, { reports: true, echo: ["management", "storage"], power: "on" });
  core.fact(host2, { reports: true, echo: ["management", "storage"], power: "on" });
  core.run(200_000);
  assert.equal(gate(core, "storm in rack B0").pass, false, "cooling down");
  assert.match(render(gate(core, "storm in rack B0").value), /cooling down/);
  core.run(110_000);
  assert.ok(gates(core).every((result) => result.gate !== "storm in rack B0"));
});

test("a storm in a rack is one page, that names the rack and what to look at", () => {
  const core = racked({ mode: "observe" });
  for (let index = 1; index <= 10; index += 1) core.powerLoss(hostName(`compute-${index}`));
  core.run(8000);
  const pages = core.alerts().filter(({ kind }) => kind.startsWith("storm"));
  assert.equal(pages.length, 1, "10 of 40 is a storm of the cloud: it covers the rack's");
  assert.match(
    pages[0]?.why.join("\n") ?? "",
    /10 of 10 in rack B0, 0 of 30 elsewhere: its switch or its power, not the hosts/,
  );
});

test("a place needs half of the domain, and four times the share elsewhere", () => {
  const domain = (trouble: number, scope: number) => ({
    scope,
    trouble: Array.from({ length: trouble }, (_, at) => hostName(`h${at}`)),
    suspects: [],
    limit: 1,
  });
  const place = (inside: number, of: number, all: number, scope: number) =>
    placeOf(new Map([["switch s1", domain(inside, of)]]), all, scope);
  assert.equal(place(4, 10, 4, 100), undefined, "4 of 10 is not half");
  const half = place(5, 10, 5, 100);
  assert.ok(half !== undefined);
  const text = "5 of 10 in switch s1, 0 of 90 elsewhere: the switch, not the hosts";
  assert.equal(render(placeWords(half)), text);
  assert.equal(place(5, 10, 50, 100), undefined, "45 of 90 elsewhere: it is everywhere");
  assert.equal(place(1, 1, 1, 100), undefined, "one host is no place");
});

test("the third fence in a rack within an hour waits, in another rack it does not", () => {
  const core = racked({}, 400, 100);
  for (const host of [host1, host2]) {
    core.powerLoss(host);
    core.run(30_000);
  }
  const fenced = new Set(core.done("power-off").map(({ host }) => host));
  assert.deepEqual([...fenced], [host1, host2]);
  core.powerLoss(host3);
  core.run(20_000);
  const rate = gate(core, "fence rate in rack B0", host3);
  assert.equal(describeGate(rate), `${rate.gate}: 2 hosts fenced in the last hour, must be < 2`);
  assert.equal(gate(core, "fence rate", host3).pass, true, "2 < 3");
  core.powerLoss(hostName("compute-200"));
  core.run(20_000);
  const later = new Set(core.done("power-off").map(({ host }) => host));
  assert.deepEqual([...later], [host1, host2, "compute-200"]);
});

test("scheduler: none of those that Nova shows is up", () => {
  const core = racked();
  assert.equal(render(gate(core, "scheduler").value), "1 of 1 up");
  core.nova.schedulersUp = 0;
  core.run(6000);
  assert.equal(gate(core, "scheduler").pass, false);
  core.nova.schedulersShown = 0;
  core.run(6000);
  assert.equal(gate(core, "scheduler").pass, true, "hidden by a policy");
});

test("capacity: a warning for a dead host; a living one is held by it", () => {
  const core = racked({}, 2);
  core.nova.memoryUsedMb = 60_000;
  core.run(70_000);
  const { value, pass } = gate(core, "capacity");
  assert.equal(pass, true);
  assert.match(render(value), /^40000 MB free elsewhere \(a warning only/);
  const hung = { ...core.assessment(host1), verdict: "hung" } as const;
  const living = gatesToBegin(core.state, core.hostState(host1), hung);
  assert.equal(living.find((result) => result.gate === "capacity")?.pass, false);
  const dead = core.assessment(host1);
  for (const ping of ["some", "all"] as const) {
    const answers = {
      ...dead,
      verdict: "isolated",
      signals: { ...dead.signals, ping, measured: "yes" },
    } as const;
    const isolated = gatesToBegin(core.state, core.hostState(host1), answers);
    assert.equal(isolated.find((result) => result.gate === "capacity")?.pass, false, ping);
  }
  core.nova.memoryUsedMb = 50_000;
  core.run(70_000);
  const fits = gatesToBegin(core.state, core.hostState(host1), hung);
  assert.equal(fits.find((result) => result.gate === "capacity")?.pass, true, "equal fits");
});

test("capacity that Nova does not show holds a living host, and says why", () => {
  const core = racked({}, 2);
  core.nova.inventoryFails = "Nova does not let us read the hypervisors (403)";
  core.run(400_000);
  const hung = { ...core.assessment(host1), verdict: "hung" } as const;
  const found = gatesToBegin(core.state, core.hostState(host1), hung).find(
    (result) => result.gate === "capacity",
  );
  assert.equal(found?.pass, false);
  assert.match(render(found?.value ?? ""), /not known: .*403/);
});

test("the witnesses are asked again whatever the table says", () => {
  const core = racked();
  core.fact(host1, { reports: false, novaReports: false });
  core.run(80_000);
  assert.equal(core.assessment(host1).row, "13", "it answers pings: hung");
  assert.equal(render(gate(core, "reverse ping").value), "4 of 4 on management, 4 of 4 on storage");
  assert.equal(gate(core, "reverse ping").pass, false);
  assert.equal(gate(core, "third witness").pass, true);
  core.powerLoss(host2);
  core.run(12_000);
  assert.equal(
    render(gate(core, "reverse ping", host2).value),
    "0 of 4 on management, 0 of 4 on storage",
  );
  assert.equal(gate(core, "reverse ping", host2).pass, true);
});

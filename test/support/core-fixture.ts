/**
 * The real reducer with the simplest world around it: facts that a test sets, and every look
 * answered from them one beat later. No network, no randomness; servers and time go where told.
 */
import type { Assessment } from "../../guardian/core/assessment.ts";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { initialState, step } from "../../guardian/core/guardian.ts";
import { memoryText, parseMemory } from "../../guardian/core/memory-text.ts";
import type { Memory, Phase } from "../../guardian/core/memory.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { hostOf, type GuardianState, type HostState } from "../../guardian/core/state.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import { collectorId, hostName, type HostName } from "../../shared/names.ts";
import {
  noLedger,
  type LivenessRow,
  type NetworkName,
  type Watermark,
} from "../../shared/telemetry.ts";
import { monoMs, wallMs, type MonoMs } from "../../shared/time.ts";
import { both, healthyFacts, type Facts } from "./core-facts.ts";
import { FixtureNova } from "./fixture-nova.ts";
import { worldSettings } from "./world-settings.ts";

const beatMs = 250;
const novaReportMs = 10_000;
/** The collectors' clocks read this much less than ours. */
const collectorBehindMs = 3000;

export { both, type Facts } from "./core-facts.ts";
export const alice = "alice (uid 1000)";
export const host1 = hostName("compute-1");
export const host2 = hostName("compute-2");

export class CoreFixture {
  state: GuardianState;
  /** Everything done since the start. */
  readonly effects: Effect[] = [];
  readonly facts = new Map<HostName, Facts>();
  readonly rows = new Map<HostName, LivenessRow>();
  readonly nova = new FixtureNova();
  /** What a device shows that is not its host's own, by "host/device". */
  readonly guids = new Map<string, string>();
  readonly ledger = { dropped: 0, shed: 0 };
  collectorUp = true;
  /** Above zero there is no live view, and the store shows what is written so much later. */
  storeLagMs = 0;
  collectorEpoch = 1;
  anchorsAnswer = true;
  /** Its anchors answer every other ping. */
  shakyNetwork: NetworkName | undefined;
  disarmedFile = false;
  epoch = 1;
  /** How far our wall clock was stepped. */
  wallStepMs = 0;
  settings: Settings;
  #now = 100_000;
  readonly #wallStart = 1_780_000_000_000;
  readonly #written: [watermark: Watermark, liveness: readonly LivenessRow[]][] = [];
  #pending: { readonly effect: Effect; readonly askedAt: MonoMs }[] = [];

  constructor(changes: Partial<Settings> = {}, hosts = 8) {
    const names = Array.from({ length: hosts }, (_, index) => hostName(`compute-${index + 1}`));
    this.settings = worldSettings(names, changes);
    for (const [index, name] of names.entries()) {
      this.facts.set(name, healthyFacts(index));
      this.nova.addHost(name);
    }
    this.state = this.#started(undefined, [this.wall]);
  }

  get now(): MonoMs {
    return monoMs(this.#now);
  }

  get wall(): number {
    return this.#wallStart + this.#now + this.wallStepMs;
  }

  /** Another process, on the same journal unless it is lost: memory as JSON keeps it, everything else anew. */
  restart(starts = [this.wall], changes: Partial<Settings> = {}, isLost = false): void {
    this.settings = { ...this.settings, ...changes };
    this.epoch += 1;
    this.#pending = [];
    const memory = isLost ? undefined : parseMemory(JSON.parse(memoryText(this.state.memory)));
    this.state = this.#started(memory, starts);
  }

  #started(memory: Memory | undefined, starts: readonly number[]): GuardianState {
    this.state = initialState(this.settings, this.now, wallMs(this.wall));
    const wall = wallMs(this.wall);
    this.take({ kind: "started", at: this.now, wall, epoch: this.epoch, memory, starts });
    return this.state;
  }

  /** One event through the real reducer; looks are answered at the next beat. */
  take(event: GuardianEvent): readonly Effect[] {
    const result = step(this.state, event);
    this.state = result.state;
    this.effects.push(...result.effects);
    for (const effect of result.effects) this.#pending.push({ effect, askedAt: this.now });
    return result.effects;
  }

  /** Time passes, and everything in the world goes its way. */
  run(ms: number): this {
    for (const end = this.#now + ms; this.#now < end;) {
      this.#now += beatMs;
      this.#report();
      this.nova.finishMoves(this.#now);
      for (const { effect, askedAt } of this.#pending.splice(0)) this.#answer(effect, askedAt);
      this.tick();
    }
    return this;
  }

  /** Only the clock and the decision: nobody answers anything. */
  tick(ms = 0): readonly Effect[] {
    this.#now += ms;
    const wall = wallMs(this.wall);
    return this.take({ kind: "tick", at: this.now, wall, disarmed: this.disarmedFile });
  }

  fact(host: HostName, changes: Partial<Facts>): void {
    Object.assign(this.factsOf(host), changes);
  }

  factsOf(host: HostName): Facts {
    const facts = this.facts.get(host);
    if (facts === undefined) throw new Error(`no host ${host}`);
    return facts;
  }

  /** Its power fails: nothing of it answers, and its chassis reads off. */
  powerLoss(host: HostName): void {
    this.fact(host, { reports: false, echo: [], power: "off", novaReports: false });
  }

  /** It comes up at once, with a new boot. */
  powerOn(host: HostName): void {
    const boots = Number.parseInt(this.factsOf(host).bootId.slice(-2), 16);
    const bootId = `b007000000000${boots + 1}`;
    this.fact(host, { reports: true, echo: both, power: "on", novaReports: true, bootId });
  }

  /** Nothing of it answers, and its chassis reads on. */
  hang(host: HostName): void {
    this.fact(host, { reports: false, echo: [], power: "on", novaReports: false });
  }

  /** A person answers the open incident of a host. */
  answer(host: HostName, answer: "approved" | "held" | "dismissed", reason = "looked"): void {
    const { now: at, wall, memory } = this.state;
    const incident = memory.incidents.get(host)?.id ?? "none";
    const kind = "incident-answered";
    this.take({ kind, at, wall, host, incident, answer, by: alice, reason });
  }

  /** A host whose power nothing tells, dead beyond doubt: Nova calls its nova-compute down. */
  loseWithBmc(host: HostName): void {
    this.powerLoss(host);
    const offAnswer = { kind: "no-answer", reason: "no answer within 5 s" } as const;
    this.fact(host, { power: "unknown", offAnswer });
    this.run(70_000);
    this.nova.service(host).down = true;
    this.run(6000);
  }

  /** A person's word that a host is off. */
  confirm(host: HostName, uid: number, reason = "cables pulled"): void {
    const { now: at, wall, memory } = this.state;
    const incident = memory.incidents.get(host)?.id ?? "none";
    this.take({ kind: "confirmed", at, wall, host, incident, uid, by: `uid ${uid}`, reason });
  }

  /** A person sets maintenance that ends in `ms`; undefined: until it is cleared. */
  maintain(host: HostName, ms: number | undefined, reason = "new disks"): void {
    const { now: at } = this;
    const wall = wallMs(this.wall);
    const untilWall = ms === undefined ? undefined : wallMs(wall + ms);
    const words = { reason, owner: "bob", by: alice };
    this.take({ kind: "maintenance-set", at, wall, host, ...words, untilWall });
  }

  /** A person takes a host out: in maintenance, and disabled in Nova. */
  takeOut(host: HostName): void {
    this.maintain(host, undefined);
    Object.assign(this.nova.service(host), { status: "disabled", reason: "bob: new disks" });
  }

  hostState(host: HostName): HostState {
    return hostOf(this.state, host);
  }

  assessment(host: HostName): Assessment {
    const { assessment } = this.hostState(host);
    if (assessment === undefined) throw new Error(`${host} was never judged`);
    return assessment;
  }

  phase<K extends Phase["kind"]>(host: HostName, kind: K): Extract<Phase, { kind: K }> {
    const phase = this.state.memory.incidents.get(host)?.phase;
    if (phase?.kind !== kind) throw new Error(`${host} is ${phase?.kind ?? "calm"}, not ${kind}`);
    return phase as Extract<Phase, { kind: K }>;
  }

  /** What was done of one kind since the start. */
  done<K extends Effect["kind"]>(kind: K): readonly Extract<Effect, { kind: K }>[] {
    return this.effects.filter((effect) => effect.kind === kind) as Extract<Effect, { kind: K }>[];
  }

  alerts(): readonly AlertMessage[] {
    return this.done("alert").map((effect) => effect.message);
  }

  /** The collector's clock now. */
  collectorNow(): MonoMs {
    return monoMs(this.#now - collectorBehindMs);
  }

  watermark(): Watermark {
    const { dropped, shed } = this.ledger;
    return {
      collector: collectorId("c1"),
      epoch: this.collectorEpoch,
      monoMs: this.collectorNow(),
      ledger: { ...noLedger, dropped, shed },
    };
  }

  row(host: HostName, changes: Partial<LivenessRow> = {}): LivenessRow {
    const { checks, bootId } = this.factsOf(host);
    return {
      collector: collectorId("c1"),
      collectorEpoch: this.collectorEpoch,
      host,
      path: "management",
      arrivalMs: this.collectorNow(),
      bootId,
      probeEpoch: 1,
      sequence: this.#now,
      sentWallMs: this.wall,
      sent: 1,
      sendErrors: 0,
      checks,
      ...changes,
    };
  }

  telemetry(liveness: readonly LivenessRow[], watermarks = [this.watermark()]): void {
    for (const source of ["store", "live"] as const) {
      this.take({ kind: "telemetry", at: this.now, source, watermarks, liveness });
    }
  }

  /** Each second every living host reports, one nova-compute after the other; the collector stores what it has. */
  #report(): void {
    for (const [index, [host, { novaReports }]] of [...this.facts].entries()) {
      if (novaReports && this.#passed(novaReportMs, index * 1000)) this.nova.report(host);
    }
    if (!this.#passed(1000) || !this.collectorUp) return;
    for (const [host, { reports, says }] of this.facts) {
      if (reports) this.rows.set(host, this.row(host, says));
    }
    if (this.storeLagMs === 0) this.telemetry([...this.rows.values()]);
    else this.#showLate();
  }

  #showLate(): void {
    this.#written.push([this.watermark(), [...this.rows.values()]]);
    const upTo = this.collectorNow() - this.storeLagMs;
    const shown = this.#written.findLast(([{ monoMs: at }]) => at <= upTo);
    if (shown === undefined) return;
    const [watermarks, liveness] = [[shown[0]], shown[1]];
    this.take({ kind: "telemetry", at: this.now, source: "store", watermarks, liveness });
  }

  /** Whether this beat went past a whole multiple of `ms`. */
  #passed(ms: number, offsetMs = 0): boolean {
    const at = this.#now - offsetMs;
    return Math.floor(at / ms) !== Math.floor((at - beatMs) / ms);
  }

  #answer(effect: Effect, askedAt: MonoMs): void {
    const at = this.now;
    switch (effect.kind) {
      case "ping": {
        const { host, network } = effect;
        const echo = this.factsOf(host).echo.includes(network);
        const result = echo ? { kind: "echo" as const, rttMs: 1 } : { kind: "no-echo" as const };
        this.take({ kind: "pinged", at, sentAt: askedAt, host, network, result });
        return;
      }
      case "ping-anchor": {
        if (!this.anchorsAnswer) return;
        const { network, address } = effect;
        const turn = Math.floor(askedAt / 1000) % 2 === 0;
        const isLost = network === this.shakyNetwork && turn;
        const result = isLost
          ? ({ kind: "no-echo" } as const)
          : ({ kind: "echo", rttMs: 1 } as const);
        this.take({ kind: "anchor-pinged", at, sentAt: askedAt, network, address, result });
        return;
      }
      case "read-power":
        return this.#readPower(effect.host, effect.device, askedAt);
      case "power-off": {
        const { host, device } = effect;
        const facts = this.factsOf(host);
        const answer = this.nova.notEmpty(effect) ?? facts.offAnswer;
        if (answer.kind.match(/done|already/) && facts.turnsOff) this.powerLoss(host);
        this.take({ kind: "power-off-answered", at, askedAt, host, device, answer });
        return;
      }
      case "power-on": {
        const { host, device } = effect;
        const { onAnswer: answer, turnsOn } = this.factsOf(host);
        if (answer.kind === "done" && turnsOn) this.powerOn(host);
        this.take({ kind: "power-on-answered", at, askedAt, host, device, answer });
        return;
      }
      case "read-inventory":
        this.take({ kind: "inventory", at, askedAt, answer: this.nova.inventory() });
        return;
      case "enable":
        if (!this.nova.enableMute) this.take(this.nova.answer(effect, at, askedAt));
        return;
      case "read-services":
      case "force-down":
      case "force-up":
      case "disable":
      case "list-servers":
      case "read-moves":
      case "evacuate":
      case "reset":
      case "live-migrate":
      case "read-migrations":
        this.take(this.nova.answer(effect, at, askedAt));
        return;
      case "alert":
      case "line":
        return;
      default:
        return effect satisfies never;
    }
  }

  #readPower(host: HostName, device: string, askedAt: MonoMs): void {
    const { power, guid: own } = this.factsOf(host);
    const guid = this.guids.get(`${host}/${device}`) ?? own;
    // Empty: an outlet, which shows nothing.
    const shown = guid === "" ? undefined : guid;
    const identity = { guid: shown, uuid: undefined, serial: undefined };
    const reading =
      power === "unknown"
        ? ({ power, reason: "no answer within 5 s" } as const)
        : ({ power, identity } as const);
    this.take({ kind: "power-read", at: this.now, askedAt, host, device, reading });
  }
}

/** What is not as it should be in peacetime, from what the guardian sees anyway: each with what to do. */
import { describeMs, describeWall } from "../../shared/time.ts";
import { isLimitName, limitText } from "../core/changed-limits.ts";
import { armingOf } from "../core/arming.ts";
import { voters } from "../core/freshness.ts";
import type { GuardianState, HostState } from "../core/state.ts";
import { verifiedShare } from "../core/verified-share.ts";
import { render } from "../core/words.ts";

export interface Finding {
  /** "Nova", or a host's name. */
  readonly about: string;
  readonly level: "ok" | "note" | "warn" | "bad";
  readonly finding: string;
  /** What a person does about it; "" when nothing is to be done. */
  readonly next: string;
}

/** A clock that is so far off makes logs useless, and certificates invalid. */
const skewMsMax = 5000;
const hostsShownMax = 20;

const order = ["bad", "warn", "note", "ok"];

export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((left, right) => order.indexOf(left.level) - order.indexOf(right.level));
}

/** Of what the guardian sees without asking. */
export function findingsOf(state: GuardianState): readonly Finding[] {
  return [
    ...modeFindings(state),
    ...novaFindings(state),
    ...eyeFindings(state),
    ...deviceFindings(state),
    ...probeFindings(state),
    ...clockFindings(state),
    ...capacityFindings(state),
    ...limitFindings(state),
  ];
}

function modeFindings(state: GuardianState): readonly Finding[] {
  const arming = armingOf(state);
  const about = "guardian";
  const finding = `mode ${state.settings.mode}, ${arming.kind}`;
  if (arming.kind !== "armed") {
    const next = `${render(arming.why)}; guardian arm --reason …`;
    return [{ about, level: "warn", finding, next }];
  }
  if (state.settings.mode !== "observe") return [{ about, level: "ok", finding, next: "" }];
  const next = "nothing will be fenced; set mode ask or act once you trust it";
  return [{ about, level: "note", finding, next }];
}

function novaFindings(state: GuardianState): readonly Finding[] {
  const { eyes, inventory } = state;
  if (eyes.servicesAt === undefined) {
    const finding = `Nova has listed no services yet: ${eyes.novaReason || "no answer so far"}`;
    const next = "check the user's role (admin, or a policy that allows it) and clouds.yaml";
    return [{ about: "Nova", level: "bad", finding, next }];
  }
  const found: Finding[] = [];
  const age = describeMs(state.now - eyes.servicesAt);
  found.push({ about: "Nova", level: "ok", finding: `services were listed ${age} ago`, next: "" });
  const { schedulers } = inventory;
  if (schedulers !== undefined && schedulers.up === 0) {
    const finding = `${schedulers.up} of ${schedulers.total} nova-scheduler are up`;
    found.push({ about: "Nova", level: "bad", finding, next: "no server can be moved: start one" });
  }
  for (const { host, service } of shown(
    state,
    ({ service: one }) => one?.service.state === "down",
  )) {
    const finding = `nova-compute is ${service?.service.status ?? "?"} and down`;
    found.push({ about: host, level: "warn", finding, next: "start it, or set maintenance" });
  }
  for (const { host } of shown(state, (one) => one.service === undefined)) {
    const finding = "it is configured, or reports, and Nova does not list it";
    const next = "spell it as Nova does: openstack compute service list";
    found.push({ about: host, level: "warn", finding, next });
  }
  return found;
}

function eyeFindings(state: GuardianState): readonly Finding[] {
  const voting = voters(state).length;
  const { size } = state.collectors;
  const finding = `${voting} of ${size} collectors seen have a vote`;
  const level = voting === 0 ? "bad" : "ok";
  const next = voting === 0 ? "start guardian-collector, and check the store" : "";
  const silent = shown(state, ({ newest }) => newest === undefined).map(({ host }): Finding => ({
    about: host,
    level: "warn",
    finding: "no probe has ever reported: it is not guarded",
    next: "install guardian-probe there",
  }));
  return [{ about: "collectors", level, finding, next }, ...silent];
}

function deviceFindings(state: GuardianState): readonly Finding[] {
  const { verified, devices } = verifiedShare(state);
  const finding = `${verified} of ${devices} power devices are verified: fences go through no other`;
  const isWhole = verified === devices;
  const next = isWhole ? "" : "see the devices below; guardian fence rehearse, or vouch";
  return [{ about: "power devices", level: isWhole ? "ok" : "warn", finding, next }];
}

/** Which settings of the collectors each probe goes by, as its reports say; and on which paths it hears none. */
function probeFindings(state: GuardianState): readonly Finding[] {
  const versionOf = ({ newest }: HostState): number => newest?.settingsVersion ?? 0;
  const reporting = state.hosts.values().filter(({ newest }) => newest !== undefined);
  const latest = Math.max(0, ...reporting.map(versionOf));
  const behind = shown(state, (host) => host.newest !== undefined && versionOf(host) < latest);
  const deaf = shown(state, ({ newest }) => (newest?.cutOff ?? 0) > 0);
  const found = [
    ...behind.map((host): Finding => ({
      about: host.host,
      level: "warn",
      finding: `its probe goes by version ${versionOf(host)} of the collectors' settings, others by ${latest}`,
      next: "does it hear a collector? see the log of guardian-probe there; restart it if it is older than the collectors",
    })),
    ...deaf.map(({ host }): Finding => ({
      about: host,
      level: "warn",
      finding: "its probe reports, and hears no collector on one of its paths",
      next: "let the collectors' answers through its firewall, or look for a path that works one way",
    })),
  ];
  if (found.length > 0) return found;
  const finding = `${reporting.length} probes report, all by version ${latest} of the collectors' settings`;
  return [{ about: "probes", level: "ok", finding, next: "" }];
}

/** What was changed while it runs is in nobody's file: it is forgotten by people before it is by us. */
function limitFindings(state: GuardianState): readonly Finding[] {
  return Object.entries(state.memory.changedLimits).map(([name, change]) => {
    const text = (value: number): string =>
      isLimitName(name) ? limitText(name, value) : String(value);
    return {
      about: name,
      level: "note",
      finding: `it is ${text(change.value)}, changed while running by ${change.by} at ${describeWall(change.wall)}: ${change.reason}; the configuration says ${text(change.configured)}`,
      next: `write it into the file, or guardian setting reset ${name} --reason …`,
    };
  });
}

function clockFindings(state: GuardianState): readonly Finding[] {
  const found = shown(state, (host) => Math.abs(skewMs(state, host)) > skewMsMax).map(
    (host): Finding => {
      const skew = skewMs(state, host);
      const finding = `its clock is ${describeMs(Math.abs(skew))} ${skew > 0 ? "behind" : "ahead of"} ours`;
      return { about: host.host, level: "warn", finding, next: "check its NTP" };
    },
  );
  if (found.length > 0) return found;
  const finding = `no host's clock is more than ${describeMs(skewMsMax)} off ours`;
  return [{ about: "clocks", level: "ok", finding, next: "" }];
}

/** How far the host's clock is behind ours, by its newest report; on its way counts in. */
function skewMs({ now, wall }: GuardianState, { newest, lifeAt }: HostState): number {
  if (newest === undefined || lifeAt === undefined) return 0;
  return wall - (now - lifeAt) - newest.sentWallMs;
}

/** N+1 by memory in sum: what the fullest host uses must fit on the others. */
function capacityFindings({ inventory }: GuardianState): readonly Finding[] {
  const about = "capacity";
  const all = [...inventory.capacity.values()];
  if (all.length < 2) {
    const finding = "what hosts have free is not known";
    return [{ about, level: "note", finding, next: inventory.reason }];
  }
  const freeMb = (but: string): number =>
    all.reduce((sum, one) => sum + (one.host === but ? 0 : one.memoryMb - one.memoryUsedMb), 0);
  const short = all.filter((one) => one.memoryUsedMb > freeMb(one.host));
  if (short.length === 0) {
    const finding = "the servers of any one host fit on the others, by memory in sum";
    return [{ about, level: "ok", finding, next: "" }];
  }
  return short.slice(0, hostsShownMax).map(({ host, memoryUsedMb }) => ({
    about: host,
    level: "bad",
    finding: `its servers use ${memoryUsedMb} MB, the others have ${freeMb(host)} MB free`,
    next: "not all of them would find a place: keep a host free, or add one",
  }));
}

function shown(state: GuardianState, is: (host: HostState) => boolean): readonly HostState[] {
  return state.hosts.values().filter(is).slice(0, hostsShownMax);
}

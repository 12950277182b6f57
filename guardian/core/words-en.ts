/** The word catalogue in English. `words-zh.ts` has the same keys and the same parameters. */
import { gatesEnglish } from "./words-gates-en.ts";
import { rowsEnglish } from "./words-rows-en.ts";
import { alertsEnglish } from "./words-alerts-en.ts";
import { logEnglish } from "./words-log-en.ts";
import { drainEnglish } from "./words-drain-en.ts";
import { homeEnglish } from "./words-home-en.ts";
import { roomEnglish } from "./words-room-en.ts";
import { rehearsalEnglish } from "./words-rehearsal-en.ts";

export const english = {
  "evidence.no-vote": "reports: no collector has a vote",
  "evidence.reports": "reports: last {age} s ago, {collectors|collector|collectors} with a vote",
  "evidence.never":
    "reports: none since the collectors began, {collectors|collector|collectors} with a vote",
  "evidence.unconfirmed":
    "reports that nobody confirmed: last {age} s ago; they may be a recording of an earlier life",
  "evidence.missing": "reports missing on: {networks}",
  "evidence.ping": "reverse ping, {network}: {echoes} of the last {sent} answered",
  "evidence.peers": "peers, {network}: {answering} of {peers} other hosts get an echo of it",
  "evidence.no-device": "power: no power device is configured",
  "evidence.power-contradicted": "power, {device}: off, contradicted by life of the host",
  "evidence.power-unread": "power, {device}: not read yet",
  "evidence.power-unknown": "power, {device}: unknown ({reason})",
  "evidence.power": "power, {device}: {power}, {age} s ago",
  "evidence.power-old": "power, {device}: {power}, {age} s ago, older than {limit} s",
  "evidence.power-unverified": "power, {device}: {power}, {age} s ago, but unverified: {reason}",
  "evidence.power-probation":
    "power, {device}: {power}, {age} s ago, but it failed to answer: counts after {limit} s",
  "evidence.no-nova": "Nova's record: none",
  "evidence.nova": "Nova's record: {signal}, last advance seen {age} s ago",
  "evidence.no-checks": "self-checks: never reported",
  "evidence.storage": "storage network: {state}",
  "evidence.storage-for": "storage network: {state} for {age} s",
  "evidence.directory": "instances directory: {state}, last write {latency} ms",
  "evidence.directory-for": "instances directory: {state} for {age} s, last write {latency} ms",
  "evidence.business": "business network: {state}",
  "evidence.business-for": "business network: {state} for {age} s",
  "evidence.libvirt":
    "libvirt: {libvirt}, nova-compute: {compute}; {running} of {total} servers run",
  "evidence.libvirt-for":
    "libvirt: {libvirt}, nova-compute: {compute} for {age} s; {running} of {total} servers run",
  "evidence.doubt": "{gate}: {value}",

  "next.reports-stop": "if its reports stop: suspect after {suspect} s, silent after {silent} s",
  "next.check-lasts": "degraded in {left} s if {check} stays {state}",
  "next.check-good": "healthy again when {check} is good",
  "next.check-known": "healthy when {check} is known and good",
  "next.silent": "silent in {left} s if no report comes",
  "next.announced": "a person decides: approve or dismiss it, or start {host}",
  "next.notice": "judged in {left} s if it does not return",
  "next.pings": "judged after {count} more pings on {network}",
  "next.power-answer": "judged when its power device answers, in {left} s at the latest",
  "next.hung": "hung in {left} s if Nova's record stays still",
  "next.dead": "dead in {left} s if Nova's record stays still and nothing answers",
  "next.reports-return": "healthy again when its reports return and its checks are good",
  "next.network": "isolated no more when its reports return on {networks}",
  "next.guarded": "guarded when Nova lists it and a probe on it reports",
  "next.eyes": "judged when our eyes are good again: {gate}, {value}",
  "next.release":
    "guarded again when a person releases it: guardian host release {host} --reason …",
  "next.confirm":
    "evacuated when a person has made sure that it is off: guardian fence confirm {host} --reason …",
  "next.device-none": "can be fenced when a power device is configured for it",
  "next.device-answers": "can be fenced when {device} answers",
  "next.device-probation": "can be fenced in {left} s if {device} goes on answering off",
  "next.device-verified":
    "can be fenced when {device} is verified: guardian fence vouch {host} --reason …",
  "next.device-contradicted":
    "judged when {device} is the right device, or a person vouches for it",
  "next.fence": "fenced now: every gate is open",
  "next.fencing": "its servers move when every power device was read off twice",
  "next.evacuating": "ends when each of its servers runs elsewhere, or a person takes over",
  "next.look": "a person must look; nothing is done by itself",

  "gate.arm": "acts when armed again: guardian arm --reason …",
  "gate.mode": "acts in mode act, or when a person approves",
  "gate.mode-act": "acts in mode act alone: no approval covers the fence of a host that lives",
  "gate.hold": "acts when a person approves it, or when it was seen again and fails anew",
  "gate.alike": "acts when no other host says the same any more",
  "gate.own-word": "acts in {left} s, when it has reported that long without a break",
  "gate.drain": "acts when its live migrations have come to their end",
  "gate.servers": "nothing is left on it: acts when a server is",
  "gate.aggregates": "acts when Nova shows its host aggregates",
  "gate.maintenance": "acts when its maintenance is cleared, or ends and it reports",
  "gate.disabled": "acts when the other's mark is gone",
  "gate.doubt": "acts when {gate} is good again",
  "gate.rehearsal": "acts when its rehearsal has come to its end",
  "gate.grace": "acts after {left} s more of good eyes, or once it was seen fresh for {fresh} s",
  "gate.witness": "acts when its power reads off, or Nova's record stands still",
  "gate.ping": "acts when {pings} pings in a row fail on every network seen",
  "gate.storm":
    "acts when at most {limit} are in trouble and {cooldown} s have passed, or a person approves",
  "gate.suspects": "acts in {left} s at the latest, when the suspects are judged",
  "gate.rate":
    "acts in {left} s, when the oldest of {count} fences is an hour old, or a person approves",
  "gate.capacity": "acts when {missing} MB more are free elsewhere",
  "gate.capacity-counted":
    "acts when what other hosts have left has been read again, within a minute",
  "gate.room": "acts when each of its servers finds a place elsewhere",
  "gate.nova": "acts when Nova answers",
  "gate.scheduler": "acts when a nova-scheduler is up",
  "gate.destination": "acts when another host is fresh, enabled, up and sound",

  ...gatesEnglish,
  ...rowsEnglish,
  ...rehearsalEnglish,
  ...roomEnglish,
  ...homeEnglish,
  ...drainEnglish,
  ...alertsEnglish,
  ...logEnglish,
} as const;

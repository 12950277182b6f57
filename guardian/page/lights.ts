/** The five lights of a host: each a letter for what it is about, a sign for how it is, and a sentence for who hears it. */
import type { HostLine } from "./records.ts";
import type { Language } from "./state.ts";
import { say, sayOr, type PageWord } from "./words.ts";

/** "none": nothing is known, or nothing is there to know. */
export type Tone = "good" | "warn" | "bad" | "none";

export interface Light {
  readonly name: "report" | "storage" | "business" | "directory" | "power";
  readonly tone: Tone;
  /** As the API says it: "overdue", "read-only". */
  readonly value: string;
  /** It was so when the host was heard last. */
  readonly isOld: boolean;
}

/** Shapes differ as well as colours. */
export const signs: Readonly<Record<Tone, string>> = {
  good: "●",
  warn: "▲",
  bad: "✕",
  none: "○",
};

export const lightNames = ["report", "storage", "business", "directory", "power"] as const;

export function lightsOf(line: HostLine): readonly Light[] {
  const report = reportTone(line.reports);
  // What it last said of itself is no news of a host that does not report.
  const isOld = report === "bad" || report === "none";
  const told = (tone: Tone): Tone => (isOld ? "none" : tone);
  return [
    { name: "report", tone: report, value: line.reports, isOld: false },
    { name: "storage", tone: told(networkTone(line.storage)), value: line.storage, isOld },
    { name: "business", tone: told(networkTone(line.business)), value: line.business, isOld },
    { name: "directory", tone: told(directoryTone(line.directory)), value: line.directory, isOld },
    { name: "power", tone: powerTone(line.bmc), value: line.bmc, isOld: false },
  ];
}

function reportTone(reports: string): Tone {
  if (reports === "fresh") return "good";
  if (reports === "silent") return "bad";
  return reports === "never" || reports === "unseen" ? "none" : "warn";
}

function networkTone(state: string): Tone {
  return state === "up" ? "good" : state === "down" ? "bad" : "none";
}

function directoryTone(state: string): Tone {
  if (state === "ok") return "good";
  if (state === "slow") return "warn";
  return state === "-" || state === "unknown" ? "none" : "bad";
}

/** On is as it should be. A device that is not verified proves nothing, and counts for nothing. */
function powerTone(power: string): Tone {
  if (power === "none" || /unverified|unknown/.test(power)) return "warn";
  if (power.includes("off")) return "bad";
  return power.includes("on") ? "good" : "none";
}

/** "storage network up": what a screen reader says of a light. */
export function sayLight({ name, value, isOld }: Light, language: Language): string {
  const about: PageWord = `light.${name}`;
  const how = name === "report" ? sayOr("reports", value, language) : value;
  const said = isOld && value !== "-" ? say("light.old", language, { value }) : how;
  return `${say(about, language)} ${said}`;
}

/** How a verdict looks. */
export function verdictTone(verdict: string): Tone {
  if (verdict === "healthy") return "good";
  if (verdict === "dead" || verdict === "hung") return "bad";
  return verdict === "unknown" ? "none" : "warn";
}

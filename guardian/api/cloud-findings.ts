/** What a check-up says of the cloud: each finding with what to do. */
import type { Failure } from "../ports.ts";
import type { CloudFacts } from "../shell/cloud-look.ts";
import type { Finding } from "./findings.ts";

export function cloudFindings(
  facts: CloudFacts | Failure,
  settings: { readonly instancesShared: boolean },
): readonly Finding[] {
  if (!("roles" in facts)) {
    const next =
      "check clouds.yaml: address, user, password, project; then Keystone and Nova themselves";
    return [{ about: "cloud", level: "bad", finding: facts.reason, next }];
  }
  return [
    roleFinding(facts),
    microversionFinding(facts),
    ...readFindings(facts),
    ...serviceFindings(facts),
    diskFinding(facts, settings),
    restartFinding,
  ];
}

function roleFinding({ roles, unreadable }: CloudFacts): Finding {
  const about = "roles";
  const finding = `our login has ${roles.length === 0 ? "no role" : roles.join(", ")}`;
  if (roles.some((role) => role.toLowerCase() === "admin")) {
    return { about, level: "ok", finding, next: "" };
  }
  const level = unreadable.length > 0 ? "bad" : "note";
  const next =
    "Nova's default policy asks for admin to list all services, force one down and evacuate: give it, or a policy that allows these";
  return { about, level, finding, next };
}

function microversionFinding({ microversions }: CloudFacts): Finding {
  const about = "microversions";
  if (microversions.kind === "failed") {
    const next = "is this the compute endpoint of a Nova that is not older than Train?";
    return { about, level: "bad", finding: microversions.reason, next };
  }
  const { min, max, chosen } = microversions;
  const why =
    max === chosen
      ? ""
      : "; from 2.95 on Nova leaves evacuated servers stopped, so not beyond 2.93";
  const finding = `Nova speaks ${min} to ${max}, the guardian ${chosen}${why}`;
  return { about, level: "ok", finding, next: "" };
}

function readFindings({ unreadable }: CloudFacts): readonly Finding[] {
  return unreadable.map(({ what, reason }) => ({
    about: "Nova",
    level: "bad",
    finding: `the ${what} cannot be read: ${reason}`,
    next: "give our user the role admin, or a policy that allows it",
  }));
}

function serviceFindings({ services }: CloudFacts): readonly Finding[] {
  return [...services]
    .filter(([binary, { up }]) => binary !== "nova-compute" && up === 0)
    .map(([binary, { total }]) => ({
      about: "Nova",
      level: "bad",
      finding: `0 of ${total} ${binary} are up`,
      next: "nothing is evacuated without it: start one",
    }));
}

/** What an evacuation brings back is what lies on storage that the other host reaches. */
function diskFinding(
  { disks }: CloudFacts,
  { instancesShared }: { readonly instancesShared: boolean },
): Finding {
  const about = "storage";
  const { local, seen, more } = disks;
  const among = more ? `the first ${seen} servers` : `${seen} servers`;
  const finding = `${local} of ${among} have their root disk in the instances directory, the others on volumes; instancesShared: ${instancesShared}`;
  if (local === 0) return { about, level: "ok", finding, next: "" };
  const next = instancesShared
    ? "they come back from that directory: make sure that every host mounts the same one there"
    : "they are left where they are when their host dies: set instancesShared, if every host mounts the same storage there";
  return { about, level: instancesShared ? "note" : "warn", finding, next };
}

const restartFinding: Finding = {
  about: "nova.conf",
  level: "note",
  finding: "resume_guests_state_on_host_boot cannot be read through the API",
  next: "it must be false on every compute host: a fenced host that comes on again would start its servers twice",
};
